import { ours } from "./bundle.ts";

export interface Contender {
  readonly name: string;
  /** A module that starts it with 30 minutes of idle time and, where it can, a warning and the tabs in common. */
  readonly code: string;
}

const react = (options: string): string => `
  import { createElement } from "react";
  import { createRoot } from "react-dom/client";
  import { useIdleTimer } from "react-idle-timer";
  function App() {
    useIdleTimer({ timeout: 1800000, promptBeforeIdle: 120000, onIdle() {}, onPrompt() {}, ${options} });
    return null;
  }
  createRoot(document.body.appendChild(document.createElement("div"))).render(createElement(App));`;

/** The first is what everything costs without any of them. */
export const CONTENDERS: readonly Contender[] = [
  { name: "an empty page", code: "" },
  { name: "session-browser", code: `import { createSessionClient } from ${ours("index")}; createSessionClient().listen(() => {});` },
  {
    name: "session-browser/idle",
    code: `import { createIdleTimer } from ${ours("idle")}; const timer = createIdleTimer({ idle: 1800000 }); timer.listen(() => {}); timer.start();`,
  },
  { name: "react-idle-timer, tabs in step", code: react("crossTab: true, syncTimers: 200") },
  { name: "react-idle-timer, tabs as by default", code: react("crossTab: true") },
  {
    name: "vueuse `useIdle`, one tab",
    code: `
      import { createApp, h } from "vue";
      import { useIdle } from "@vueuse/core";
      createApp({ setup() { const { idle } = useIdle(1800000); return () => h("i", String(idle.value)); } }).mount(document.body.appendChild(document.createElement("div")));`,
  },
];

/** Counts what wakes a page: timers that fire, and events that somebody listens to. Runs before anything else in it. */
export const COUNTING = `
  globalThis.woken = { timers: 0, events: 0 };
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"]) {
    const real = globalThis[name];
    globalThis[name] = (work, ...rest) => real(typeof work === "function" ? (...args) => (woken.timers++, work(...args)) : work, ...rest);
  }
  const wrapped = new WeakMap();
  const wrap = (listener) => {
    if (!listener) return listener;
    if (!wrapped.has(listener)) wrapped.set(listener, function (event) { woken.events++; return typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event); });
    return wrapped.get(listener);
  };
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, options) { return addEventListener.call(this, type, wrap(listener), options); };
  EventTarget.prototype.removeEventListener = function (type, listener, options) { return removeEventListener.call(this, type, wrapped.get(listener) ?? listener, options); };
  const { set, get } = Object.getOwnPropertyDescriptor(BroadcastChannel.prototype, "onmessage");
  Object.defineProperty(BroadcastChannel.prototype, "onmessage", { get, set(listener) { set.call(this, wrap(listener)); } });
`;
