import type { DialogStrings } from "@holdfast/session-browser/dialog";
import { h, s, setText } from "./dom.ts";
import { percent } from "./gauge.ts";
import { clockText } from "./time.ts";

const RADIUS = 44;
const AROUND = 2 * Math.PI * RADIUS;
const MINUTE = 60_000;

export const WARNING_STRINGS: Partial<DialogStrings> = {
  idle: { title: "Still there?", text: "Nothing has happened here for a while. When the rope runs out, you are signed out.", stay: "Stay signed in" },
  absolute: { title: "The watch is nearly over", text: "A session lasts no longer than this, whatever you do. Finish what you are doing, then sign in again.", stay: "Carry on" },
};

/** The dialog's parts in the portal's clothes. What they say, when they show and where the focus goes is the session dialog's; the rope is ours. */
export function createWarning(whole: number): { readonly element: HTMLDialogElement; draw(left: number): void } {
  const number = h("b", { "aria-hidden": "true" });
  const reveal = s("circle", { cx: 50, cy: 50, r: RADIUS, fill: "none", "stroke-dasharray": AROUND.toFixed(2) });
  const circle = (name: string): SVGCircleElement => s("circle", { class: name, cx: 50, cy: 50, r: RADIUS });
  const ring = h(
    "div",
    { class: "ring" },
    s("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, s("mask", { id: "left" }, reveal), circle("bed"), s("g", { mask: "url(#left)" }, circle("strand"), circle("lay"))),
    number,
  );
  const part = (name: string): { "data-session": string } => ({ "data-session": name });
  const element = h(
    "dialog",
    {},
    h(
      "div",
      { class: "warn" },
      ring,
      h("h2", part("title")),
      h("p", part("text")),
      h("p", { ...part("spoken"), class: "sr" }),
      h("div", { class: "row" }, h("button", { ...part("stay"), class: "btn", type: "button" }), h("button", { ...part("leave"), class: "btn quiet", type: "button" })),
    ),
  );
  document.body.append(element);
  return {
    element,
    draw(left) {
      setText(number, left > MINUTE ? clockText(left) : String(Math.ceil(left / 1000)));
      reveal.style.strokeDashoffset = String(AROUND * (1 - Number(percent(left, whole)) / 100));
    },
  };
}
