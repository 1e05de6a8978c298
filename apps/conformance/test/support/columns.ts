import { browserFor, CHROMIUM_FLAGS } from "../../../../tools/lib/browsers.ts";
import { freePort } from "../../../../tools/lib/free-port.ts";
import { type RuntimeName, RUNTIMES, runtimeFor } from "../../../../tools/lib/runtimes.ts";
import { launch } from "../../../engines/src/driver/launch.ts";
import type { EngineName } from "../../../engines/src/driver/types.ts";
import { selfSigned } from "../../../engines/src/site/certificate.ts";
import { startServer } from "../../../engines/src/site/server.ts";
import { pageScript, processFile, workerScript } from "../../src/drivers/bundle.ts";
import { answerPage } from "../../src/drivers/page.ts";
import { type Ran, runProcess } from "../../src/drivers/processes.ts";
import { runWorkerd } from "../../src/drivers/workerd.ts";
import type { Outcome } from "../../src/suite/case.ts";

export type Taken = Readonly<Record<string, string>>;

/** A column of the matrix that can be played. */
export interface Player {
  readonly runtime: string;
  readonly half: "server" | "browser";
  /** `undefined` where its program is missing, which it says aloud; with CI set it throws. */
  find(): { play(taken?: Taken): Promise<Ran> } | undefined;
}

const ENGINES: readonly (readonly [EngineName, string])[] = [["chromium", "Chromium"], ["firefox", "Firefox"], ["webkit", "WebKitGTK"]];

export const PLAYERS: readonly Player[] = [
  ...(Object.keys(RUNTIMES) as RuntimeName[]).map((runtime): Player => ({
    runtime,
    half: "server",
    find() {
      const program = runtimeFor(runtime, "the packages are");
      return program === undefined ? undefined : { play: async (taken) => runProcess(runtime, program, await processFile(), taken) };
    },
  })),
  ...[false, true].map((nodeCompat): Player => ({
    runtime: nodeCompat ? "workerd, nodejs_compat" : "workerd",
    half: "server",
    find: () => ({ play: async (taken = {}) => runWorkerd(await workerScript(), { nodeCompat, taken }) }),
  })),
  ...ENGINES.map(([engine, runtime]): Player => ({
    runtime,
    half: "browser",
    find() {
      const path = browserFor(engine, "the browser half is");
      return path === undefined ? undefined : { play: () => playPage(engine, path) };
    },
  })),
];

/** In a page of its own, over https, as storage and locks want it. */
async function playPage(engine: EngineName, path: string): Promise<Ran> {
  const script = await pageScript();
  const certificate = selfSigned(Date.now());
  const server = await startServer(certificate);
  try {
    const browser = await launch(engine, { path, flags: CHROMIUM_FLAGS, trusted: certificate.fingerprint, port: await freePort() });
    try {
      const tab = await browser.newTab(server.serve("conformance", { fetch: (request) => answerPage(request, script) }));
      const outcome = await tab.evaluate(() => (globalThis as unknown as { conformance: () => Promise<Outcome> }).conformance());
      return { ...outcome, version: browser.version };
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}
