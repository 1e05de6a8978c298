import { busiest } from "./processes.ts";
import type { Json, Tab } from "./types.ts";

/** What each engine has to bring; the rest of a tab is the same everywhere. */
export interface Primitives extends Pick<Tab, "reload" | "cookies" | "screenshot" | "show" | "close" | "freeze" | "resume" | "offline" | "exposes"> {
  /** Loads an address; may reject when it becomes no page. */
  navigate(url: string): Promise<unknown>;
  /** Evaluates an expression that gives a promise of a string. */
  run(expression: string): Promise<string>;
  /** Moves the mouse there, and presses and releases it when `click`. */
  pointer(x: number, y: number, click: boolean): Promise<unknown>;
  /** The same in the page's only frame, for drivers whose input to the page stays in its own document. */
  pointerInside?(x: number, y: number, click: boolean): Promise<unknown>;
  key(value: string): Promise<unknown>;
  back(): Promise<unknown>;
  /** The process under which this tab's is to be found. */
  readonly root: number;
  /** What a tab's end is here: `killed`, or `stopped` for good where the driver does not survive a kill. */
  readonly crash: "killed" | "stopped";
}

export function tabOf(primitives: Primitives): Tab {
  const { run, root } = primitives;
  let gone = false;

  async function evaluate<Args extends readonly Json[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>> {
    const text = await run(`(async () => JSON.stringify([await (${String(fn)})(...${JSON.stringify(args)})]))()`);
    const [result] = JSON.parse(text) as [Awaited<Result>];
    return result;
  }

  /** The process in which this tab runs. */
  const process_ = (): Promise<number> =>
    busiest(root, () =>
      evaluate(() => {
        const until = performance.now() + 250;
        while (performance.now() < until);
      }),
    );

  const signalled = async (name: NodeJS.Signals): Promise<number> => {
    const pid = await process_();
    process.kill(pid, name);
    return pid;
  };

  return {
    ...primitives,
    evaluate,
    async goto(url) {
      await primitives.navigate(url);
    },
    async back() {
      await primitives.back();
    },
    // A first move is by nothing, and no hand moves a mouse only once.
    async move(x, y) {
      await primitives.show();
      await primitives.pointer(x - 1, y, false);
      await primitives.pointer(x, y, false);
    },
    async click(selector) {
      await primitives.show();
      const at = await evaluate((selector) => {
        const element = document.querySelector(selector);
        element?.scrollIntoView({ block: "nearest" });
        const box = element?.getBoundingClientRect();
        return box && box.width > 0 ? [box.x + box.width / 2, box.y + box.height / 2] : null;
      }, selector);
      if (!at) throw new Error(`nothing to click at ${selector}`);
      await primitives.pointer(Math.round(at[0] ?? 0), Math.round(at[1] ?? 0), true);
    },
    async inside(x, y, click = false) {
      await primitives.show();
      if (primitives.pointerInside) {
        await primitives.pointerInside(x - 1, y, false);
        return void (await primitives.pointerInside(x, y, click));
      }
      const [left, top] = await evaluate(() => {
        const frame = document.querySelector("iframe");
        const box = frame?.getBoundingClientRect();
        return frame && box ? [box.x + frame.clientLeft, box.y + frame.clientTop] : [];
      });
      if (left === undefined || top === undefined) throw new Error("no frame");
      await primitives.pointer(Math.round(left + x) - 1, Math.round(top + y), false);
      await primitives.pointer(Math.round(left + x), Math.round(top + y), click);
    },
    async press(key) {
      await primitives.show();
      await primitives.key(key);
    },
    async crash() {
      gone = true;
      await signalled(primitives.crash === "killed" ? "SIGKILL" : "SIGSTOP");
    },
    async close() {
      if (!gone || primitives.crash === "killed") await primitives.close();
    },
    async suspended(work) {
      const pid = await signalled("SIGSTOP");
      try {
        await work();
      } finally {
        process.kill(pid, "SIGCONT");
      }
    },
  };
}

/** Pointer actions as WebDriver has them, classic and BiDi alike. */
export const pointerActions = (x: number, y: number, click: boolean): readonly object[] => [
  {
    type: "pointer",
    id: "mouse",
    parameters: { pointerType: "mouse" },
    actions: [{ type: "pointerMove", x, y, duration: 0 }, ...(click ? [{ type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }] : [])],
  },
];
