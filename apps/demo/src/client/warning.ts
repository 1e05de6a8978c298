import { h, s, setText } from "./dom.ts";
import { percent } from "./gauge.ts";
import { plural } from "./time.ts";

const RADIUS = 44;
const AROUND = 2 * Math.PI * RADIUS;
/** Seconds at which a screen reader hears the time left. Every second would be noise. */
const STEPS = [60, 30, 20, 10, 5];

export interface Warning {
  readonly open: boolean;
  /** Opens if needed, and shows the time left. */
  show(left: number, by: "idle" | "absolute"): void;
  hide(): void;
}

/** The idle warning: one action extends, focus comes back to where it was, time left as number, ring and words. */
export function createWarning(options: { warn: number; extend(): Promise<boolean>; leave(): void }): Warning {
  const number = h("b", { "aria-hidden": "true" });
  const reveal = s("circle", { cx: 50, cy: 50, r: RADIUS, fill: "none", "stroke-dasharray": AROUND.toFixed(2) });
  const circle = (name: string): SVGCircleElement => s("circle", { class: name, cx: 50, cy: 50, r: RADIUS });
  const ring = h(
    "div",
    { class: "ring" },
    s("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, s("mask", { id: "left" }, reveal), circle("bed"), s("g", { mask: "url(#left)" }, circle("strand"), circle("lay"))),
    number,
  );
  const text = h("p", { id: "warning-text" });
  const spoken = h("p", { id: "warning-left", class: "sr", role: "status", "aria-live": "assertive" });
  const stay = h("button", { class: "btn", type: "button", autofocus: true, onclick: () => void extend() }, "Stay signed in");
  const title = h("h2", { id: "warning-title" }, "Still there?");
  const dialog = h(
    "dialog",
    { id: "idle-warning", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "warning-title", "aria-describedby": "warning-text warning-left" },
    h("div", { class: "warn" }, ring, title, text, spoken, h("div", { class: "row" }, stay, h("button", { class: "btn quiet", type: "button", onclick: () => options.leave() }, "Sign out now"))),
  );
  document.body.append(dialog);
  // Escape means "yes, I am here": closing it any other way than leaving is an answer.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    void extend();
  });

  let said = Infinity;
  async function extend(): Promise<void> {
    stay.disabled = true;
    const extended = await options.extend();
    stay.disabled = false;
    if (extended) hide();
    else stay.focus();
  }
  function hide(): void {
    if (dialog.open) dialog.close();
    said = Infinity;
  }
  return {
    get open() {
      return dialog.open;
    },
    show(left, by) {
      const seconds = Math.max(0, Math.ceil(left / 1000));
      setText(number, String(seconds));
      reveal.style.strokeDashoffset = String(AROUND * (1 - Number(percent(left, options.warn)) / 100));
      if (!dialog.open) {
        stay.hidden = by === "absolute";
        setText(title, by === "idle" ? "Still there?" : "The watch is nearly over");
        setText(text, by === "idle" ? "Nothing has happened here for a while. When the rope runs out, you are signed out." : "A session lasts no longer than this, whatever you do. Finish what you are doing, then sign in again.");
        setText(spoken, `${plural(seconds, "second")} left.`);
        dialog.showModal();
        said = seconds;
        return;
      }
      const step = STEPS.find((value) => seconds <= value && value < said && seconds > value - 3);
      if (step === undefined) return;
      said = step;
      setText(spoken, `${plural(seconds, "second")} left.`);
    },
    hide,
  };
}
