const PARTS = { title: "h2", text: "p", left: "p", spoken: "p", stay: "button", leave: "button" } as const;

export type Part = keyof typeof PARTS;

export const partOf = (dialog: HTMLElement, name: Part): HTMLElement | null => dialog.querySelector(`[data-session=${name}]`);

export function createDialog(): HTMLDialogElement {
  const dialog = document.createElement("dialog");
  dialog.className = "session-dialog";
  for (const [name, tag] of Object.entries(PARTS)) dialog.appendChild(document.createElement(tag)).dataset["session"] = name;
  return dialog;
}

/**
 * Makes an alert dialog of it, with name and description.
 *
 * @throws RangeError when it is no dialog, or a part is missing without which not everybody could use it
 */
export function prepareDialog(dialog: HTMLDialogElement): void {
  if (!(dialog as Partial<HTMLDialogElement>).showModal) throw new RangeError("element: no dialog.");
  const ids = (["title", "text", "spoken", "stay"] as const).map((name) => {
    const part = partOf(dialog, name);
    if (!part) throw new RangeError(`element: no [data-session=${name}].`);
    return (part.id ||= `session-${name}`);
  });
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-labelledby", `${ids[0]}`);
  dialog.setAttribute("aria-describedby", `${ids[1]} ${ids[2]}`);
  partOf(dialog, "spoken")?.setAttribute("aria-live", "assertive");
  // A timer is silent of itself: seconds are seen, or read when somebody asks.
  partOf(dialog, "left")?.setAttribute("role", "timer");
}
