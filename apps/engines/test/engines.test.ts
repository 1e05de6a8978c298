import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { browserFor, CHROMIUM_FLAGS } from "../../../tools/lib/browsers.ts";
import { freePort } from "../../../tools/lib/free-port.ts";
import { CAPABILITIES, LACKS } from "../src/driver/capabilities.ts";
import { launch } from "../src/driver/launch.ts";
import type { Browser, EngineName } from "../src/driver/types.ts";
import { bundleScripts, type Scripts } from "../src/site/bundle.ts";
import { type Certificate, selfSigned } from "../src/site/certificate.ts";
import { type Server, startServer } from "../src/site/server.ts";
import { asksCapabilities } from "./capabilities.ts";
import { NINE } from "./nine.ts";
import { PRESENCE } from "./presence.ts";
import type { Run } from "./run.ts";
import { STANDARDS } from "./standards.ts";
import { report, type Row } from "./table.ts";
import { WARNING } from "./warning.ts";
import { createWorld, type World } from "./world.ts";

const ENGINES = Object.keys(CAPABILITIES) as EngineName[];
const RUNS: readonly Run[] = [...NINE, ...STANDARDS, ...WARNING, ...PRESENCE];
const ROUNDS = process.env["HOLDFAST_DRILL"] === "1" ? 5 : 1;

const versions: Partial<Record<EngineName, string>> = {};
const rows: Row[] = [];
let certificate: Certificate;
let server: Server;
let scripts: Scripts;

beforeAll(async () => {
  scripts = await bundleScripts();
  certificate = selfSigned(Date.now());
  server = await startServer(certificate);
});
afterAll(async () => {
  await server?.close();
  if (Object.keys(versions).length > 0) report(versions, RUNS.flatMap(({ id, title }) => rows.filter((row) => row.run === id && row.title === title && versions[row.engine] !== undefined)));
});

// One engine at a time: that is enough for two cores.
for (const engine of ENGINES) {
  const path = browserFor(engine, "the client is");
  describe.skipIf(path === undefined)(`the client in ${engine} [needs ${engine}]`, () => {
    let browser: Browser;
    let world: World;
    beforeAll(async () => {
      browser = await launch(engine, { path: path ?? "", flags: CHROMIUM_FLAGS, trusted: certificate.fingerprint, port: await freePort() });
      versions[engine] = browser.version;
    });
    afterAll(() => browser?.close());
    beforeEach(() => {
      world = createWorld(browser, server, scripts);
    });
    afterEach(() => world.end());

    it("can do what the table of capabilities says", () => asksCapabilities(world));

    for (let round = 0; round < ROUNDS; round++) {
      for (const { id, title, proves = [], needs = [], play, undriven } of RUNS) {
        const name = [...proves.map((row) => `[${row}]`), id, title, ...(round > 0 ? [`(${round + 1})`] : [])].join(" ");
        const lacking = needs.find((power) => !CAPABILITIES[engine][power]);
        const lacks = undriven ?? (lacking && LACKS[lacking]);
        if (lacks) {
          // In the table, and neither among the tests that passed nor the skipped ones: those are for engines that are missing.
          if (round === 0) rows.push({ run: id, title, engine, outcome: "cannot", ms: 0, notes: [lacks] });
          continue;
        }
        it(name, async () => {
          const started = performance.now();
          const notes: string[] = [];
          const done = (outcome: Row["outcome"]): void => void (round === 0 && rows.push({ run: id, title, engine, outcome, ms: Math.round(performance.now() - started), notes }));
          try {
            await play(world, (text) => notes.push(text));
          } catch (error) {
            done("failed");
            console.error(`${engine}: ${name}\n${await world.tale()}`);
            throw error;
          }
          done("passed");
        });
      }
    }
  });
}
