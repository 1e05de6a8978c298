import { globSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { CAPABILITIES } from "./capabilities.ts";
import { keyActions } from "./keys.ts";
import { start, type Started } from "./processes.ts";
import { pointerActions, tabOf } from "./tab.ts";
import type { Browser, Cookie, LaunchOptions, Tab } from "./types.ts";

/** WebKitGTK's own browser over classic WebDriver, on a screen that nobody sees. */
export async function launchWebkit({ path, port }: LaunchOptions): Promise<Browser> {
  const [binary] = globSync(["/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/lib/*/webkit2gtk-4.0/MiniBrowser", "/usr/libexec/webkit2gtk-4.1/MiniBrowser"]);
  if (binary === undefined) throw new Error("MiniBrowser of WebKitGTK is not there");
  const screen = await openScreen();
  const program = start(path, () => ["--host=127.0.0.1", `--port=${port}`], { DISPLAY: screen.display, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1", LIBGL_ALWAYS_SOFTWARE: "1" });
  const at = `http://127.0.0.1:${port}`;
  await reachable(`${at}/status`);

  const ask = async <Result = unknown>(method: string, route: string, body?: object): Promise<Result> => {
    const response = await fetch(at + route, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(90_000) });
    const { value } = (await response.json()) as { value: Result & { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${method} ${route}: ${value.error} ${value.message}`);
    return value;
  };
  const always = { browserName: "MiniBrowser", acceptInsecureCerts: true, pageLoadStrategy: "normal", timeouts: { script: 60_000, pageLoad: 60_000 }, "webkitgtk:browserOptions": { binary, args: ["--automation"] } };
  type Session = { sessionId: string; capabilities: { browserVersion: string } };
  const { sessionId, capabilities } = await ask<Session>("POST", "/session", { capabilities: { alwaysMatch: always } });
  const session = `/session/${sessionId}`;
  const first = await ask<string>("GET", `${session}/window`);

  // One window at a time has the driver's ear: a command goes with the switch to its window, and after the one before it.
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  let current = "";
  const turnTo = async (handle: string): Promise<void> => {
    if (current === handle) return;
    current = "";
    await ask("POST", `${session}/window`, { handle });
    current = handle;
  };

  async function newTab(address = "about:blank"): Promise<Tab> {
    const { handle } = await inTurn(async () => {
      await turnTo(first);
      // Not a tab: those behind another one get no input here.
      return ask<{ handle: string }>("POST", `${session}/window/new`, { type: "window" });
    });
    const send = <Result = unknown>(method: string, route: string, body?: object): Promise<Result> =>
      inTurn(async () => {
        await turnTo(handle);
        return ask<Result>(method, session + route, body);
      });
    const act = (actions: readonly object[]): Promise<unknown> => send("POST", "/actions", { actions });
    const tab = tabOf({
      root: program.pid,
      crash: CAPABILITIES.webkit.crash,
      navigate: (url) => send("POST", "/url", { url }),
      async reload() {
        await send("POST", "/refresh", {});
      },
      back: () => send("POST", "/back", {}),
      async run(expression) {
        const script = `const done = arguments[0]; (${expression}).then((value) => done({ value }), (error) => done({ error: String(error && error.stack || error) + String(error) }));`;
        const got = await send<{ value?: string; error?: string }>("POST", "/execute/async", { script, args: [] });
        if (got.value === undefined) throw new Error(got.error);
        return got.value;
      },
      pointer: (x, y, click) => act(pointerActions(x, y, click)),
      key: (value) => act(keyActions(value)),
      async exposes(role, name) {
        for (const element of await send<readonly Readonly<Record<string, string>>[]>("POST", "/elements", { using: "css selector", value: "body *" })) {
          const at = `/element/${Object.values(element)[0]}`;
          // What the tree leaves out has no role, which the driver calls an unknown error.
          if ((await send("GET", `${at}/computedrole`).catch(() => undefined)) === role && (await send("GET", `${at}/computedlabel`)) === name) return true;
        }
        return false;
      },
      async show() {
        await send("GET", "/window");
      },
      cookies: () => send<Cookie[]>("GET", "/cookie"),
      screenshot: async () => Buffer.from(await send<string>("GET", "/screenshot"), "base64"),
      freeze: () => Promise.reject(new Error("WebKit does not freeze tabs")),
      resume: () => Promise.reject(new Error("WebKit does not freeze tabs")),
      offline: () => Promise.reject(new Error("WebKitWebDriver cannot take the network away")),
      async close() {
        await send("DELETE", "/window").catch(() => undefined);
        current = "";
      },
    });
    if (address !== "about:blank") await tab.goto(address);
    return tab;
  }

  return {
    engine: "webkit",
    version: capabilities.browserVersion,
    newTab,
    async close() {
      await ask("DELETE", session).catch(() => undefined);
      await program.stop();
      await screen.program.stop();
    },
  };
}

/** An X server of our own. It says on its standard output which display number was free. */
async function openScreen(): Promise<{ readonly program: Started; readonly display: string }> {
  const program = start("Xvfb", () => ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
  const [, number = ""] = await program.printed(/^(\d+)\n/m);
  return { program, display: `:${number}` };
}

async function reachable(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await (await fetch(url)).text());
    } catch (error) {
      if (tries > 600) throw error;
      await pause(100);
    }
  }
}
