import type { App } from "./app.ts";
import { h, setText } from "./dom.ts";
import { kelpScene } from "./kelp.ts";
import { durationText } from "./time.ts";

const LASTS = 5 * 60_000;

/** Something to watch: who does is not away, though nothing moves but the film. */
export function film(app: App): { readonly node: HTMLElement; readonly stop: () => void } {
  let stop = (): void => undefined;
  const scene = kelpScene();
  scene.setAttribute("preserveAspectRatio", "xMaxYMid slice");
  const button = h("button", { class: "btn quiet", type: "button", onclick: () => (node.hasAttribute("data-playing") ? stop() : play()) }, "Play the film");
  const node = h(
    "section",
    { class: "card stack film", "aria-labelledby": "film" },
    scene,
    h("h2", { id: "film" }, "Under the dock"),
    h("p", { class: "soft" }, `While it plays the idle time stands still, since somebody watches: ${durationText(LASTS)} at most, and never past the end of the session.`),
    button,
  );

  function play(): void {
    stop = app.hold("film", LASTS, ended);
    node.toggleAttribute("data-playing", true);
    setText(button, "Stop the film");
  }
  function ended(): void {
    node.toggleAttribute("data-playing", false);
    setText(button, "Play the film");
  }
  return { node, stop: () => stop() };
}
