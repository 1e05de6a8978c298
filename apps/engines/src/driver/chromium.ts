import { CAPABILITIES } from "./capabilities.ts";
import { connect } from "./connection.ts";
import { keyEvents } from "./keys.ts";
import { start } from "./processes.ts";
import { tabOf } from "./tab.ts";
import type { Browser, LaunchOptions, Tab } from "./types.ts";

/** Chromium over its DevTools protocol, as it starts for a user: bfcache, background throttling and process sharing are its defaults. */
export async function launchChromium({ path, flags, trusted }: LaunchOptions): Promise<Browser> {
  const program = start(path, (folder) => ["--headless=new", ...flags, `--user-data-dir=${folder}/profile`, `--ignore-certificate-errors-spki-list=${trusted}`, "--remote-debugging-port=0", "about:blank"]);
  const [, url = ""] = await program.printed(/DevTools listening on (ws:\S+)/);
  const connection = await connect(url);
  const { product } = await connection.send<{ product: string }>("Browser.getVersion");
  await connection.send("Browser.setDownloadBehavior", { behavior: "deny" });

  async function newTab(address = "about:blank"): Promise<Tab> {
    const { targetId } = await connection.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await connection.send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const send = <Result = unknown>(method: string, params: object = {}): Promise<Result> => connection.send<Result>(method, params, sessionId);
    const frame = (await send<{ frameTree: { frame: { id: string } } }>("Page.getFrameTree")).frameTree.frame.id;
    await Promise.all([send("Page.enable"), send("Network.enable"), send("Inspector.enable")]);

    /** Does something that leads to another document, and waits until it is there. */
    async function leads(work: () => Promise<unknown>): Promise<void> {
      const stopped = connection.event("Page.frameStoppedLoading", ({ frameId }) => frameId === frame);
      const restored = connection.event("Page.frameNavigated", ({ type, frame: of }) => type === "BackForwardCacheRestore" && (of as { id: string }).id === frame);
      const done = await work();
      // A download or a 204 stops the loading too.
      if ((done as { errorText?: string } | undefined)?.errorText === undefined) await Promise.race([stopped.seen, restored.seen]);
      stopped.cancel();
      restored.cancel();
    }

    const tab = tabOf({
      root: program.pid,
      crash: CAPABILITIES.chromium.crash,
      navigate: (url) => leads(() => send("Page.navigate", { url })),
      reload: () => leads(() => send("Page.reload")),
      async back() {
        const { currentIndex, entries } = await send<{ currentIndex: number; entries: readonly { id: number }[] }>("Page.getNavigationHistory");
        await leads(() => send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1]?.id }));
      },
      async run(expression) {
        const { result, exceptionDetails } = await send<{ result: { value: string }; exceptionDetails?: object }>("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
        return result.value;
      },
      async pointer(x, y, click) {
        await send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
        if (!click) return;
        await send("Input.dispatchMouseEvent", { type: "mousePressed", x, y, button: "left", clickCount: 1 });
        await send("Input.dispatchMouseEvent", { type: "mouseReleased", x, y, button: "left", clickCount: 1 });
      },
      async key(value) {
        for (const event of keyEvents(value)) await send("Input.dispatchKeyEvent", event);
      },
      async exposes(role, accessibleName) {
        const { root } = await send<{ root: { nodeId: number } }>("DOM.getDocument");
        const { nodes } = await send<{ nodes: readonly { ignored: boolean }[] }>("Accessibility.queryAXTree", { nodeId: root.nodeId, role, accessibleName });
        return nodes.some(({ ignored }) => !ignored);
      },
      async show() {
        await send("Page.bringToFront");
      },
      cookies: async () => (await send<{ cookies: { name: string; value: string; httpOnly: boolean; secure: boolean }[] }>("Network.getCookies")).cookies,
      screenshot: async () => Buffer.from((await send<{ data: string }>("Page.captureScreenshot")).data, "base64"),
      async freeze() {
        await send("Page.setWebLifecycleState", { state: "frozen" });
      },
      async resume() {
        await send("Page.setWebLifecycleState", { state: "active" });
      },
      async offline(on) {
        await send("Network.emulateNetworkConditions", { offline: on, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
      },
      async close() {
        await connection.send("Target.closeTarget", { targetId }).catch(() => undefined);
      },
    });
    if (address !== "about:blank") await tab.goto(address);
    return tab;
  }

  return {
    engine: "chromium",
    version: product.replace(/^.*\//, ""),
    newTab,
    async close() {
      connection.close();
      await program.stop();
    },
  };
}
