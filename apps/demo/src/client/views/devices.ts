import type { App, View } from "../app.ts";
import { h, icon } from "../dom.ts";
import { agoText, plural } from "../time.ts";
import { unlisted } from "../unlisted.ts";
import { proved } from "./step-up.ts";

interface Device {
  readonly id: string;
  readonly current: boolean;
  readonly label: string | null;
  readonly createdAgo: number;
  readonly seenAgo: number;
}

export function devices(app: App): View {
  const list = h("ul", { class: "devices" });
  const others = h("button", { class: "btn alarm", type: "button", hidden: true, onclick: () => void proved(app, node, "Ending all others", endOthers) }, "End all others");
  const count = h("p", { class: "soft", role: "status" }, "Looking…");

  const load = async (): Promise<void> => {
    if (!app.config.listable) return void (count.textContent = unlisted(app.config.endsAll));
    const answer = await app.call<{ devices: readonly Device[] }>("GET", "/session/devices");
    if (!answer.ok) return void (count.textContent = answer.title);
    const rows = [...answer.value.devices].sort((a, b) => Number(b.current) - Number(a.current) || a.seenAgo - b.seenAgo);
    list.replaceChildren(...rows.map((row) => device(row, (one) => void proved(app, node, "Ending another session", () => end(one)))));
    others.hidden = rows.length < 2;
    count.textContent = rows.length === 1 ? "Only here. Sign in with another browser and it shows up." : `${plural(rows.length, "place")}, this one first.`;
  };
  const end = async (row: Device): Promise<void> => {
    const answer = await app.call("DELETE", `/session/devices/${row.id}`);
    app.toast(answer.ok ? `Ended: ${row.label ?? "unnamed device"}.` : answer.title);
    await load();
    node.querySelector<HTMLElement>("h1")?.focus();
  };
  const endOthers = async (): Promise<void> => {
    app.toast((await app.signOut("others")) === "done" ? "All others are signed out. You are still here." : "That did not work.");
    await load();
    node.querySelector<HTMLElement>("h1")?.focus();
  };
  const node = h(
    "div",
    {},
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Where you are signed in"), count),
    h("section", { class: "card", "aria-label": "Devices" }, list),
    h("div", { class: "row wide ends" }, others, h("a", { class: "btn quiet", href: "/account" }, "Back to the session")),
  );
  void load();
  return { title: "Devices", node };
}

function device(row: Device, end: (row: Device) => void): HTMLElement {
  const label = row.label ?? "Unnamed device";
  const shape = /android|iphone|ipad|phone/i.test(label) ? "i-phone" : /curl|script|node/i.test(label) ? "i-terminal" : "i-device";
  return h(
    "li",
    {},
    h("span", { class: "glyph" }, icon(shape)),
    h("div", {}, h("h2", {}, label, row.current && h("span", { class: "tag" }, "this one")), h("p", { class: "soft" }, `Last seen ${agoText(row.seenAgo * 1000)}, signed in ${agoText(row.createdAgo * 1000)}`), h("p", { class: "soft mono" }, row.id)),
    row.current ? h("span", { class: "here" }) : h("button", { class: "btn small quiet", type: "button", "aria-label": `End ${label}`, onclick: () => end(row) }, "End"),
  );
}
