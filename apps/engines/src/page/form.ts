import type { SessionClient } from "@holdfast/session-browser";
import { attachDialog, durationText } from "@holdfast/session-browser/dialog";

const SECOND = 1000;
/** Where the draft is kept. */
const NOTE = "note";

/** A form as an application would have it: says how long one may be inactive, warns of the end, and keeps what was typed. `spoken` gets what a screen reader hears. */
export function form(client: SessionClient, spoken: (readonly [text: string, left: number])[]): void {
  const note = document.querySelector<HTMLInputElement>("#note");
  const limit = document.querySelector("#limit");
  if (!note || !limit) throw new Error("the page has no form");
  note.value = localStorage.getItem(NOTE) ?? "";
  client.beforeLogout(() => localStorage.setItem(NOTE, note.value));
  client.subscribe((state) => {
    if (state.status === "active") limit.textContent = `You may be inactive for ${durationText((state.view.idleFor ?? 0) * SECOND, "en")}.`;
  });
  attachDialog(client);
  const region = (): Element | null => document.querySelector("dialog[open] [data-session=spoken][aria-live=assertive]");
  new MutationObserver(() => {
    const text = region()?.textContent ?? "";
    const state = client.get();
    if (text && text !== spoken.at(-1)?.[0]) spoken.push([text, "endsIn" in state ? state.endsIn / SECOND : 0]);
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}
