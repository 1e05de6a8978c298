import { accessSync, constants } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { freePort } from "../../../tools/lib/free-port.ts";
import { launch } from "../src/driver/launch.ts";
import type { Browser, EngineName } from "../src/driver/types.ts";
import { bundlePage } from "../src/site/bundle.ts";
import { type Certificate, selfSigned } from "../src/site/certificate.ts";
import { type Server, startServer } from "../src/site/server.ts";
import { NINE } from "./nine.ts";
import type { Run } from "./run.ts";
import { STANDARDS } from "./standards.ts";
import { report, type Row } from "./table.ts";
import { createWorld, type World } from "./world.ts";

const USUAL: Readonly<Record<EngineName, readonly [variable: string, ...paths: [string, ...string[]]]>> = {
  chromium: ["CHROMIUM_PATH", "/usr/bin/chromium"],
  firefox: ["FIREFOX_PATH", "/usr/bin/firefox-esr"],
  webkit: ["WEBKIT_DRIVER_PATH", "/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"],
};
const ENGINES = Object.keys(USUAL) as EngineName[];
const RUNS: readonly Run[] = [...NINE, ...STANDARDS];
const ROUNDS = process.env["HOLDFAST_DRILL"] === "1" ? 5 : 1;

const pathOf = (engine: EngineName): string => process.env[USUAL[engine][0]] || USUAL[engine][1];

const there = (engine: EngineName): boolean => {
  const [, , ...beside] = USUAL[engine];
  const all = [pathOf(engine), ...beside];
  try {
    for (const path of all) accessSync(path, constants.X_OK);
    return true;
  } catch {
    console.warn(`\n  SKIPPED: no ${engine} at ${all.join(" with ")}: the client is NOT tested in it. Install it or set ${USUAL[engine][0]}.\n`);
    return false;
  }
};

const versions: Partial<Record<EngineName, string>> = {};
const rows: Row[] = [];
let certificate: Certificate;
let server: Server;
let script: string;

beforeAll(async () => {
  script = await bundlePage();
  certificate = selfSigned(Date.now());
  server = await startServer(certificate);
});
afterAll(async () => {
  await server?.close();
  if (Object.keys(versions).length > 0) report(versions, RUNS.flatMap(({ id, title }) => rows.filter((row) => row.run === id && row.title === title && versions[row.engine] !== undefined)));
});

// One engine at a time: that is enough for two cores.
for (const engine of ENGINES) {
  describe.skipIf(!there(engine))(`the client in ${engine} [needs ${engine}]`, () => {
    let browser: Browser;
    let world: World;
    beforeAll(async () => {
      browser = await launch(engine, { path: pathOf(engine), trusted: certificate.fingerprint, port: await freePort() });
      versions[engine] = browser.version;
    });
    afterAll(() => browser?.close());
    beforeEach(() => {
      world = createWorld(browser, server, script);
    });
    afterEach(() => world.end());

    for (let round = 0; round < ROUNDS; round++) {
      for (const { id, title, proves = [], todo, play } of RUNS) {
        const name = [...proves.map((row) => `[${row}]`), id, title, ...(round > 0 ? [`(${round + 1})`] : [])].join(" ");
        if (todo !== undefined && (todo.in ?? ENGINES).includes(engine) && process.env["HOLDFAST_TODO"] !== "1") {
          // In the table, and not among the skipped tests: those are for engines that are missing.
          if (round === 0) rows.push({ run: id, title, engine, outcome: "todo", ms: 0, notes: [] });
          continue;
        }
        it(name, async () => {
          const started = performance.now();
          const notes: string[] = [];
          const done = (outcome: Row["outcome"]): void => void (round === 0 && rows.push({ run: id, title, engine, outcome, ms: Math.round(performance.now() - started), notes }));
          let cannot: Awaited<ReturnType<Run["play"]>>;
          try {
            cannot = await play(world, (text) => notes.push(text));
          } catch (error) {
            done("failed");
            console.error(`${engine}: ${name}\n${await world.tale()}`);
            throw error;
          }
          if (cannot) notes.push(cannot.cannot);
          done(cannot ? "cannot" : "passed");
        });
      }
    }
  });
}
