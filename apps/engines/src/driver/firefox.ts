import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { CAPABILITIES } from "./capabilities.ts";
import { connect } from "./connection.ts";
import { keyActions } from "./keys.ts";
import { start } from "./processes.ts";
import { pointerActions, tabOf } from "./tab.ts";
import type { Browser, LaunchOptions, Tab } from "./types.ts";

/** Nothing that calls home, and downloads without a question. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  "app.update.disabledForTesting": true,
  "browser.download.folderList": 2,
  "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream",
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.trr.mode": 5,
  "toolkit.telemetry.enabled": false,
};

/** Firefox over WebDriver BiDi. */
export async function launchFirefox({ path }: LaunchOptions): Promise<Browser> {
  const program = start(path, (folder) => ["--headless", "--no-remote", "--profile", `${folder}/profile`, "--remote-debugging-port", "0", "-MOZ_LOG=timestamp,sync,SHIPBFCache:4", `-MOZ_LOG_FILE=${folder}/diary`, "about:blank"], {}, (folder) => {
    mkdirSync(`${folder}/profile`);
    const all = { ...PREFERENCES, "browser.download.dir": folder };
    writeFileSync(`${folder}/profile/user.js`, Object.entries(all).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
  });
  const [, url = ""] = await program.printed(/WebDriver BiDi listening on (ws:\S+)/);
  const { send, close } = await connect(`${url}/session`);
  const { capabilities } = await send<{ capabilities: { browserVersion: string } }>("session.new", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });

  async function newTab(address = "about:blank"): Promise<Tab> {
    const { context } = await send<{ context: string }>("browsingContext.create", { type: "tab" });
    const tab = tabOf({
      root: program.pid,
      crash: CAPABILITIES.firefox.crash,
      // A download or a 204 fails as a navigation.
      navigate: (url) => send("browsingContext.navigate", { context, url, wait: "complete" }).catch((error: unknown) => {
        if (!/NS_BINDING_ABORTED|NS_ERROR_NO_CONTENT|aborted|canceled/i.test(String(error))) throw error;
      }),
      async reload() {
        await send("browsingContext.reload", { context, wait: "complete" });
      },
      back: () => send("browsingContext.traverseHistory", { context, delta: -1 }),
      async run(expression) {
        const got = await send<{ type: string; result: { value: string }; exceptionDetails?: { text: string } }>("script.evaluate", { expression, target: { context }, awaitPromise: true });
        if (got.type !== "success") throw new Error(got.exceptionDetails?.text ?? "script failed");
        return got.result.value;
      },
      pointer: (x, y, click) => send("input.performActions", { context, actions: pointerActions(x, y, click) }),
      async pointerInside(x, y, click) {
        const { contexts } = await send<{ contexts: readonly { children: readonly { context: string }[] }[] }>("browsingContext.getTree", { root: context });
        await send("input.performActions", { context: contexts[0]?.children[0]?.context, actions: pointerActions(x, y, click) });
      },
      key: (value) => send("input.performActions", { context, actions: keyActions(value) }),
      async exposes(role, name) {
        const { nodes } = await send<{ nodes: readonly object[] }>("browsingContext.locateNodes", { context, locator: { type: "accessibility", value: { role, name } } });
        return nodes.length > 0;
      },
      async show() {
        await send("browsingContext.activate", { context });
      },
      async cookies() {
        type Got = { cookies: readonly { name: string; value: { value: string }; httpOnly: boolean; secure: boolean }[] };
        const { cookies } = await send<Got>("storage.getCookies", { partition: { type: "context", context } });
        return cookies.map(({ name, value, httpOnly, secure }) => ({ name, value: value.value, httpOnly, secure }));
      },
      screenshot: async () => Buffer.from((await send<{ data: string }>("browsingContext.captureScreenshot", { context })).data, "base64"),
      freeze: () => Promise.reject(new Error("Firefox does not freeze tabs")),
      resume: () => Promise.reject(new Error("Firefox does not freeze tabs")),
      async offline(on) {
        await send("emulation.setNetworkConditions", { networkConditions: on ? { type: "offline" } : null, contexts: [context] });
      },
      async close() {
        await send("browsingContext.close", { context }).catch(() => undefined);
      },
    });
    if (address !== "about:blank") await tab.goto(address);
    return tab;
  }

  return {
    engine: "firefox",
    version: capabilities.browserVersion,
    newTab,
    // Why a page was not restored is nowhere else to be read: Firefox has no `notRestoredReasons`.
    diary(host) {
      const files = readdirSync(program.folder).filter((name) => name.endsWith(".moz_log"));
      const lines = files.flatMap((name) => readFileSync(`${program.folder}/${name}`, "utf8").split("\n"));
      return lines.filter((line) => line.includes(host) && !/PAGE_LOADING\) -\(0\)/.test(line)).sort().slice(-40);
    },
    async close() {
      await send("browser.close").catch(() => undefined);
      close();
      await program.stop();
    },
  };
}
