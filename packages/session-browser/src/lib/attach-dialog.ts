import type { Millis } from "@holdfast/session-protocol";
import { createDialog, type Part, partOf, prepareDialog } from "./dialog-parts.ts";
import { type DialogStrings, ENGLISH } from "./dialog-strings.ts";
import { durationText } from "./duration-text.ts";
import { allowsTime } from "./time-limits.ts";
import type { Warned, Warner } from "./warner.ts";

export interface DialogOptions {
  /** A `<dialog>` of yours, with its parts marked `data-session`. Default: one is made at the end of the body, with the class `session-dialog`. */
  readonly element?: HTMLDialogElement;
  /** Default English. */
  readonly strings?: Partial<DialogStrings>;
  /** What "Sign out now" does. Default `client.logout()`; an idle timer has none, and without it there is no such button. */
  readonly leave?: () => unknown;
  /** Puts the time left before the title of a page in the background. Default `false`. */
  readonly cue?: boolean;
  /** The absolute limit is essential, though it leaves no room for ten extensions: says nothing about that on the console (WCAG 2.2.1). Default `false`. */
  readonly essential?: boolean;
}

/** A key that ended the warning by being pressed acts on the dialog, and not on the form or the dialog under it. */
const LINGER: Millis = 300;

const attached = new WeakMap<Warner, () => void>();

/** When screen readers hear of the time left: each minute, and each 20 s of the last one. */
const stepOf = (endsIn: Millis): number => (endsIn > 60_000 ? -Math.ceil(endsIn / 60_000) : Math.ceil(endsIn / 20_000));

/**
 * Shows the warning as a modal alert dialog (WCAG 2.2.1, 4.1.3): opens and closes with the client's state, in all tabs. Escape means "stay", for the end that nothing
 * moves it closes the notice. Attached again, the client's earlier dialog goes.
 *
 * @returns what takes it away again. On a server nothing happens
 * @throws RangeError for an `element` that is no dialog or lacks one of the parts `title`, `text`, `spoken` and `stay`
 */
export function attachDialog(client: Warner, { element, strings, leave = client.logout && (() => client.logout?.()), cue, essential }: DialogOptions = {}): () => void {
  if (typeof document === "undefined") return () => undefined;
  const words = { ...ENGLISH, ...strings };
  const dialog = element ?? createDialog();
  prepareDialog(dialog);
  dialog.lang = words.lang;
  attached.get(client)?.();
  const controller = new AbortController();
  const { signal } = controller;
  let shown: Warned["by"];
  let checked = false;
  let step = 0;
  let closing: ReturnType<typeof setTimeout> | undefined;
  let mark = "";

  const write = (name: Part, text = ""): void => {
    const part = partOf(dialog, name);
    if (!part) return;
    part.textContent = text;
    part.hidden = !text;
  };

  function title(text = ""): void {
    // Only what was put there goes: the page may have another title by now.
    if (cue) document.title = `${text} ${document.title.replace(mark, "")}`;
    mark = text;
  }

  /** The browser gives the focus back. */
  function hide(): void {
    clearTimeout(closing);
    title();
    dialog.close();
  }

  async function stay(): Promise<void> {
    if (shown === "absolute" || (await client.extend())) return hide();
    write("text", words.failed);
    write("spoken", words.failed);
  }

  function draw({ status, by = "idle", endsIn = 0, view = client.limits }: Warned): void {
    if (endsIn && !checked) {
      checked = true;
      if (!allowsTime(view, essential)) console.warn("Session limits break WCAG 2.2.1: 20 s to answer, ten extensions.");
    }
    clearTimeout(closing);
    if (status !== "warning") {
      shown = undefined;
      if (endsIn) closing = setTimeout(hide, LINGER);
      else hide();
      return;
    }
    // Not there yet, or the page threw it away.
    if (!dialog.isConnected) {
      if (dialog.open) shown = undefined;
      document.body.append(dialog);
    }
    if (!dialog.open || by !== shown) {
      // Noticed, and there is nothing to be done about it.
      if (shown === "absolute" && by === shown) return;
      // Other words are to be heard from the beginning.
      hide();
      shown = by;
      step = 0;
      for (const [name, text] of Object.entries({ ...words[by], leave: leave && words.leave })) write(name as Part, text);
    }
    const left = durationText(endsIn, words.lang);
    write("left", left);
    if (step !== stepOf(endsIn)) write("spoken", words.left(left));
    step = stepOf(endsIn);
    title(document.hidden ? `${left} ·` : "");
    if (dialog.open) return;
    dialog.showModal();
    partOf(dialog, "stay")?.focus();
  }

  const on = (name: Part, work: () => unknown): void => partOf(dialog, name)?.addEventListener("click", work, { signal });
  on("stay", stay);
  on("leave", () => leave?.());
  // Escape, and the back gesture of a phone.
  dialog.addEventListener("cancel", (event) => (event.preventDefault(), stay()), { signal });
  const stop = client.subscribe(draw);
  const detach = (): void => {
    if (signal.aborted) return;
    controller.abort();
    stop();
    hide();
    if (!element) dialog.remove();
  };
  attached.set(client, detach);
  return detach;
}
