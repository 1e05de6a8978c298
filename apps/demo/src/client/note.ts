import { type App, isSignedIn } from "./app.ts";
import { h, setText } from "./dom.ts";

interface Note {
  readonly note: string;
}

/** What is typed lies in this tab until the server has it, so that a reload loses nothing. It goes with the session: `wipeAtEnd`. */
const DRAFT = "portal:note";

/** Sends what was typed and not saved. Before a sign-out in whatever tab, and before a limit, this is what there is time for. */
export async function saveDraft(app: App): Promise<string | undefined> {
  const note = sessionStorage.getItem(DRAFT);
  if (note === null) return undefined;
  const answer = await app.call<Note>("POST", "/api/note", { note });
  if (!answer.ok) return answer.title;
  if (sessionStorage.getItem(DRAFT) === note) sessionStorage.removeItem(DRAFT);
  return undefined;
}

export function noteCard(app: App): HTMLElement | null {
  if (!isSignedIn(app.session)) return null;
  const field = h("input", { id: "note", type: "text", maxlength: 280, autocomplete: "off", "aria-describedby": "note-state" });
  const status = h("p", { class: "soft", id: "note-state", role: "status" });
  const unsaved = "Not saved yet. If you sign out, in whatever tab, it is saved before.";

  field.addEventListener("input", () => {
    sessionStorage.setItem(DRAFT, field.value);
    setText(status, unsaved);
  });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setText(status, (await saveDraft(app)) ?? "Saved with your account.");
  };
  const draft = sessionStorage.getItem(DRAFT);
  if (draft === null) {
    void app.call<Note>("GET", "/api/note").then((answer) => {
      if (answer.ok && sessionStorage.getItem(DRAFT) === null) field.value = answer.value.note;
    });
  } else {
    field.value = draft;
    setText(status, unsaved);
  }
  return h(
    "form",
    { class: "card stack", onsubmit: (event) => void submit(event) },
    h("div", { class: "field" }, h("label", { for: "note" }, "Note to the dock"), field),
    h("button", { class: "btn small quiet", type: "submit" }, "Save the note"),
    status,
  );
}
