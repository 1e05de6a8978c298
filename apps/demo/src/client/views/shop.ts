import type { App, View } from "../app.ts";
import { h, icon, setText } from "../dom.ts";
import { findGood, type Good, GOODS, price } from "../goods.ts";
import { kelpScene } from "../kelp.ts";
import { noteCard } from "../note.ts";
import { plural } from "../time.ts";

interface Cart {
  readonly items: readonly string[];
}

export function shop(app: App): View {
  const crate = h("section", { class: "card crate", "aria-labelledby": "crate-title" });
  let items: readonly string[] = [];

  const show = (next: readonly string[]): void => {
    items = next;
    crate.replaceChildren(...crateContent(app, items, remove));
  };
  const add = async (good: Good, button: HTMLButtonElement): Promise<void> => {
    button.disabled = true;
    const answer = await app.call<Cart>("POST", "/api/cart", { item: good.id });
    button.disabled = false;
    button.focus({ preventScroll: true });
    if (!answer.ok) return app.toast(answer.title);
    show(answer.value.items);
    app.announce(`${good.name} is in your crate, ${plural(items.length, "thing")} in all.`);
    setText(button.lastChild as HTMLElement, "Added");
    setTimeout(() => setText(button.lastChild as HTMLElement, "Add"), 1200);
    await app.refresh();
  };
  const remove = async (id: string): Promise<void> => {
    const answer = await app.call<Cart>("DELETE", `/api/cart/${encodeURIComponent(id)}`);
    if (!answer.ok) return app.toast(answer.title);
    show(answer.value.items);
    app.announce(`Taken out. ${plural(items.length, "thing")} left.`);
    crate.querySelector<HTMLElement>("h2")?.focus();
    await app.refresh();
  };

  show([]);
  if (app.session.state !== "none") {
    void app.call<Cart>("GET", "/api/cart").then((answer) => {
      if (answer.ok) show(answer.value.items);
    });
  }
  const node = h("div", {}, hero(app), h("div", { class: "shop" }, h("section", { "aria-labelledby": "goods-title" }, h("div", { class: "aisle" }, h("h2", { id: "goods-title" }, "On the shelves"), h("p", { class: "soft" }, "Eight things that do what they say")), h("ul", { class: "goods" }, ...GOODS.map((good) => shelf(good, add))), sizeChart(app)), h("div", { class: "stack beside" }, crate, noteCard(app))));
  return { title: "Shop", node };
}

function hero(app: App): HTMLElement {
  const { session } = app;
  const name = session.state === "active" ? session.data.greeting || `Welcome aboard, ${capital(session.subject)}` : "Hold fast, whatever the sea does";
  return h(
    "section",
    { class: "hero" },
    kelpScene(),
    h(
      "div",
      { class: "hero-text" },
      h("h1", { tabindex: "-1" }, name),
      h("p", {}, "Rope, light and iron for small boats. Your crate holds on too: from the first visit through sign-in, and no longer than it should."),
      session.state === "active" ? h("a", { class: "btn", href: "/account" }, "Watch your session", icon("i-arrow")) : h("a", { class: "btn", href: "/sign-in" }, "Sign in", icon("i-arrow")),
    ),
  );
}

/** From whom it comes does not matter to the session: what one does in there counts, since the document says so by itself. */
function sizeChart({ session }: App): HTMLElement {
  const light = (session.state === "active" && session.data.theme) || "";
  return h("details", { class: "card chart" }, h("summary", {}, "Which line for which boat?"), h("iframe", { src: `/size-chart#${light}`, title: "Size chart", loading: "lazy" }));
}

function shelf(good: Good, add: (good: Good, button: HTMLButtonElement) => Promise<void>): HTMLElement {
  const button = h("button", { class: "btn small quiet", type: "button", "aria-label": `Add ${good.name}`, onclick: () => void add(good, button) }, icon("i-plus"), h("span", {}, "Add"));
  return h("li", { class: "good" }, h("div", { class: "tile" }, icon(`p-${good.id}`)), h("div", { class: "good-text" }, h("h3", {}, good.name), h("p", {}, good.about), h("div", { class: "good-foot" }, h("span", { class: "price" }, price(good.price)), button)));
}

function crateContent(app: App, items: readonly string[], remove: (id: string) => Promise<void>): HTMLElement[] {
  const title = h("h2", { id: "crate-title", tabindex: "-1" }, "Your crate");
  if (items.length === 0) {
    const nothing = app.session.state === "none" ? "Empty. You have no session either: no cookie, no row in any store. The first thing you add begins one." : "Empty. Take something from the shelves.";
    return [title, h("p", { class: "empty" }, nothing)];
  }
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const rows = [...counts].map(([id, count]) => {
    const good = findGood(id);
    const name = good?.name ?? id;
    return h(
      "li",
      {},
      h("div", { class: "thumb" }, icon(good ? `p-${id}` : "i-cart")),
      h("span", {}, name, count > 1 && h("span", { class: "soft" }, ` × ${count}`)),
      h("span", { class: "price" }, good ? price(good.price * count) : "–"),
      h("button", { class: "icon", type: "button", "aria-label": `Take out one ${name}`, onclick: () => void remove(id) }, icon("i-close")),
    );
  });
  const sum = items.reduce((total, id) => total + (findGood(id)?.price ?? 0), 0);
  return [
    title,
    h("ul", {}, ...rows),
    h("p", { class: "total" }, h("span", {}, plural(items.length, "thing")), h("span", { class: "price" }, price(sum))),
    ...(app.session.state === "active" ? [] : [h("p", { class: "soft" }, "Sign in and the crate comes along.")]),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
