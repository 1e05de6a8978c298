import type { App, View } from "../app.ts";
import { h, setText } from "../dom.ts";
import { clockText, durationText } from "../time.ts";
import { stepUp } from "./step-up.ts";

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
    const why = `The harbour office opens to somebody who proved who they are within the last ${durationText(300_000)}. Being signed in is not enough.`;
    stepUp(app, node, { why, button: "Open the office", done: load });
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
