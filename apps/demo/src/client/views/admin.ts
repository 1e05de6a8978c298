import { type App, isSignedIn, sessionId, type View } from "../app.ts";
import { h, setText } from "../dom.ts";
import { clockText, durationText } from "../time.ts";

interface Ledger {
  readonly subject: string;
  readonly freshFor: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** Asks the server each time it is opened: the browser decides nothing about rights. */
export function admin(app: App): View {
  const node = h("div", { class: "stack" }, h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Harbour office"), h("p", { class: "soft", role: "status" }, "Knocking…")));
  let until = 0;
  let left: HTMLElement | undefined;

  const load = async (): Promise<void> => {
    const answer = await app.call<Ledger>("GET", "/api/admin");
    if (answer.ok) return open(answer.value);
    until = 0;
    if (answer.status === 403) return ask();
    if (answer.status === 401) return app.refresh();
    node.replaceChildren(h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Harbour office")), h("p", { class: "note bad" }, answer.title));
  };
  const ask = (): void => {
    node.className = "narrow stack";
    node.replaceChildren(...stepUp(app, load));
    node.querySelector<HTMLElement>("#again")?.focus();
  };
  const open = (ledger: Ledger): void => {
    until = Date.now() + ledger.freshFor * 1000;
    node.className = "stack";
    left = h("b", { class: "num", role: "timer", "aria-live": "off" }, clockText(ledger.freshFor * 1000));
    const rows = Object.entries(ledger.facts).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
    node.replaceChildren(
      h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Harbour office"), h("p", { class: "soft" }, "You proved who you are, so the door is open. It closes in ", left, ".")),
      h("section", { class: "card", "aria-labelledby": "ledger" }, h("h2", { id: "ledger" }, "Harbour rules"), h("table", { class: "ledger" }, h("tbody", {}, ...rows))),
    );
    node.querySelector<HTMLElement>("h1")?.focus();
  };
  void load();
  return {
    title: "Harbour office",
    node,
    tick() {
      if (until === 0 || !left) return;
      const ms = until - Date.now();
      setText(left, clockText(ms));
      if (ms > 0) return;
      until = 0;
      void load();
    },
  };
}

function stepUp(app: App, done: () => Promise<void>): HTMLElement[] {
  const name = isSignedIn(app.session) ? app.session.subject : "";
  const password = h("input", { id: "again", type: "password", autocomplete: "current-password", required: true, maxlength: 256, "aria-describedby": "again-error" });
  const error = h("p", { class: "note bad", id: "again-error", role: "alert", hidden: true });
  const button = h("button", { class: "btn", type: "submit" }, "Open the office");
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
  return [
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Is it still you?"), h("p", { class: "soft" }, `The harbour office opens to somebody who proved who they are within the last ${durationText(300_000)}. Being signed in is not enough.`)),
    h(
      "form",
      { class: "card stack", onsubmit: (event) => void submit(event) },
      h("input", { type: "text", name: "username", value: name, autocomplete: "username", hidden: true, readonly: true }),
      h("div", { class: "field" }, h("label", { for: "again" }, `Password of ${name}`), password),
      error,
      button,
    ),
  ];
}
