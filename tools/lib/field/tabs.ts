import { connect } from "../../../apps/engines/src/driver/connection.ts";
import { start } from "../../../apps/engines/src/driver/processes.ts";
import { CHROMIUM_FLAGS } from "../browsers.ts";

export interface Woken {
  readonly timers: number;
  readonly events: number;
}

/** Ten tabs of one Chromium as a user has it, the first in front: the others are hidden, and throttled. */
export interface Tabs {
  readonly version: string;
  /** Since each page began, the first tab's first. */
  woken(): Promise<readonly Woken[]>;
  /** Time spent in scripts since each page began, in ms, the first tab's first. */
  scripts(): Promise<readonly number[]>;
  /** CPU of all processes that run pages, in ms. */
  cpu(): Promise<number>;
  /** The pointer moves in the first tab. */
  move(x: number, y: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTabs(path: string, url: string, count: number): Promise<Tabs> {
  const program = start(path, (folder) => ["--headless=new", ...CHROMIUM_FLAGS, `--user-data-dir=${folder}/profile`, "--remote-debugging-port=0", "about:blank"]);
  const [, address = ""] = await program.printed(/DevTools listening on (ws:\S+)/);
  const connection = await connect(address);
  const { product } = await connection.send<{ product: string }>("Browser.getVersion");
  const sessions: string[] = [];
  for (let tab = 0; tab < count; tab++) {
    const { targetId } = await connection.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await connection.send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    await connection.send("Performance.enable", {}, sessionId);
    await connection.send("Page.enable", {}, sessionId);
    const loaded = connection.event("Page.loadEventFired", () => true);
    await connection.send("Page.navigate", { url }, sessionId);
    await loaded.seen;
    await connection.send("Page.disable", {}, sessionId);
    sessions.push(sessionId);
  }
  const [first = ""] = sessions;
  await connection.send("Page.bringToFront", {}, first);
  const ask = async <Result>(session: string, expression: string): Promise<Result> => {
    const { result } = await connection.send<{ result: { value: Result } }>("Runtime.evaluate", { expression, returnByValue: true }, session);
    return result.value;
  };
  const hidden = await Promise.all(sessions.map((session) => ask<string>(session, "document.visibilityState")));
  if (hidden.join() !== ["visible", ...hidden.slice(1).map(() => "hidden")].join()) throw new Error(`The tabs are ${hidden.join()}`);
  return {
    version: product,
    woken: () => Promise.all(sessions.map((session) => ask<Woken>(session, "woken"))),
    scripts: () =>
      Promise.all(
        sessions.map(async (session) => {
          const { metrics } = await connection.send<{ metrics: readonly { name: string; value: number }[] }>("Performance.getMetrics", {}, session);
          return 1000 * (metrics.find(({ name }) => name === "ScriptDuration")?.value ?? Number.NaN);
        }),
      ),
    async cpu() {
      const { processInfo } = await connection.send<{ processInfo: readonly { type: string; cpuTime: number }[] }>("SystemInfo.getProcessInfo");
      return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
    },
    move: async (x, y) => void (await connection.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y }, first)),
    async close() {
      connection.close();
      await program.stop();
    },
  };
}
