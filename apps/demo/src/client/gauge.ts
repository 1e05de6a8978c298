import { h, setText } from "./dom.ts";
import { clockText } from "./time.ts";

/** A rope that gets shorter. The number beside it says the same. */
export function gauge(label: string, hint: string, whole: number): { node: HTMLElement; set(left: number, warn?: boolean): void } {
  const rope = h("span");
  const number = h("b", { class: "num", role: "timer", "aria-live": "off" });
  const node = h("div", { class: "gauge" }, h("div", { class: "gauge-top" }, h("h2", {}, label), number), h("div", { class: "line-out", "aria-hidden": "true" }, rope), h("small", {}, hint));
  return {
    node,
    set(left, warn = false) {
      setText(number, clockText(left));
      rope.style.setProperty("--left", `${percent(left, whole)}%`);
      node.toggleAttribute("data-warn", warn);
    },
  };
}

export const percent = (left: number, whole: number): string => (100 * Math.min(1, Math.max(0, left / whole))).toFixed(2);
