import { type App, isSignedIn, sessionId } from "../app.ts";
import { h } from "../dom.ts";
import { durationText } from "../time.ts";

export interface StepUp {
  readonly why: string;
  readonly button: string;
  done(): Promise<void>;
}

/** Asks for the password in place of what `host` shows. */
export function stepUp(app: App, host: HTMLElement, { why, button: label, done }: StepUp): void {
  const name = isSignedIn(app.session) ? app.session.subject : "";
  const password = h("input", { id: "again", type: "password", autocomplete: "current-password", required: true, maxlength: 256, "aria-describedby": "again-error" });
  const error = h("p", { class: "note bad", id: "again-error", role: "alert", hidden: true });
  const button = h("button", { class: "btn", type: "submit" }, label);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    error.hidden = true;
    button.disabled = true;
    const answer = await app.call<{ id: string }>("POST", "/api/elevate", { password: password.value });
    button.disabled = false;
    if (!answer.ok) {
      error.textContent = answer.status === 401 || answer.status === 403 ? "That is not your password." : answer.title;
      error.hidden = false;
      password.select();
      return password.focus();
    }
    app.toast(sessionId(app.session) === answer.value.id ? "Same session, new credential, new rights." : "New rights.");
    await app.refresh();
    await done();
  };
  host.className = "narrow stack";
  host.replaceChildren(
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Is it still you?"), h("p", { class: "soft" }, why)),
    h(
      "form",
      { class: "card stack", onsubmit: (event) => void submit(event) },
      h("input", { type: "text", name: "username", value: name, autocomplete: "username", hidden: true, readonly: true }),
      h("div", { class: "field" }, h("label", { for: "again" }, `Password of ${name}`), password),
      error,
      button,
    ),
  );
  password.focus();
}

/**
 * Does what needs a recent proof of who is there: at once, or after the password. The server decides in any case; asking it first how old the last
 * proof is saves a refusal.
 */
export async function proved(app: App, host: HTMLElement, what: string, action: () => Promise<unknown>): Promise<void> {
  await app.refresh();
  const { session, config } = app;
  if (!isSignedIn(session)) return;
  // Whole seconds, and one for the way.
  if ((session.authenticatedAgo + 2) * 1000 <= config.freshFor) return void (await action());
  const { className } = host;
  const before = [...host.childNodes];
  stepUp(app, host, {
    why: `${what} asks for somebody who proved who they are within the last ${durationText(config.freshFor)}: who took over a session must not throw its owner out.`,
    button: "Go on",
    async done() {
      host.className = className;
      host.replaceChildren(...before);
      await action();
    },
  });
}
