import type { ClusterReport, NodeStatus } from "../../server/cluster/report.ts";
import type { App, View } from "../app.ts";
import { h, setText } from "../dom.ts";
import { percent } from "../gauge.ts";
import { agoText, plural } from "../time.ts";

const EVERY = 2000;
/** Requests that one node has answered in a row, for as long as this page is open. */
interface Seen {
  readonly node: string;
  inARow: number;
  before: string | undefined;
}

const SPREAD: Readonly<Record<string, string>> = {
  even: "New sessions are spread evenly: what differs is chance.",
  uneven: "New sessions are not spread by the weights; chance alone hardly does that.",
  misrouted: "More than 5% of the requests came to another node than their cookie names.",
  unknown: "Too little is known yet: a node has just begun, or few new sessions came.",
};

/** Which node answers, how often the nodes answer from memory, and how sessions are spread. It asks without touching a session, so it keeps none alive. */
export function cluster(app: App): View {
  let seen: Seen | undefined;
  let paused = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  const name = h("b", { class: "berth" }, "…");
  const row = h("p", { class: "soft" }, "Asking…");
  const moved = h("p", { class: "note", hidden: true });
  const list = h("ul", { class: "nodes" });
  const spread = h("p", { class: "soft" }, "");
  const ways = h("dl", { class: "ways" });
  const pause = h("button", { class: "btn small quiet", type: "button", "aria-pressed": "false", onclick: () => toggle() }, "Hold still");

  const ask = async (): Promise<void> => {
    const report = await fetch("/api/cluster", { headers: { accept: "application/json" } }).then(async (response) => (response.ok ? ((await response.json()) as ClusterReport) : undefined), () => undefined);
    if (over) return;
    if (report) show(report);
    else setText(row, "No node answers. They will be asked again.");
    plan();
  };
  const plan = (): void => {
    clearTimeout(timer);
    if (!over && !paused && document.visibilityState === "visible") timer = setTimeout(() => void ask(), EVERY);
  };
  const toggle = (): void => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    setText(pause, paused ? "Go on" : "Hold still");
    if (paused) clearTimeout(timer);
    else void ask();
  };
  const show = (report: ClusterReport): void => {
    const { node } = report;
    if (seen?.node === node) seen.inARow += 1;
    else {
      if (seen) app.announce(`Node ${node} answers now, and node ${seen.node} does not.`);
      seen = { node, inARow: 1, before: seen?.node };
    }
    setText(name, node);
    setText(row, `${plural(seen.inARow, "answer")} in a row, one every two seconds.`);
    moved.hidden = seen.before === undefined;
    setText(moved, `Before that, node ${seen.before ?? ""} answered. Your crate came along, since it lives in the store.`);
    list.replaceChildren(...report.nodes.map((one) => berth(one, node, report)));
    setText(spread, report.spread ? SPREAD[report.spread.state] ?? "" : SPREAD["unknown"] ?? "");
    const own = report.nodes.find(({ label }) => label === node)?.status?.pid;
    // `kill 0` is for every process of the terminal: no command without a pid.
    ways.replaceChildren(...(own === undefined ? [] : [way("Kill it, in the middle of its work", `kill -9 ${own}`), way("Let it leave: it drains first", `kill ${own}`)]));
  };
  const seenAgain = (): void => {
    if (document.visibilityState === "visible" && !paused) void ask();
  };
  document.addEventListener("visibilitychange", seenAgain);
  void ask();

  const node = h(
    "div",
    { class: "stack" },
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Three nodes, one shop"), h("p", { class: "soft" }, "A balancer keeps you with one node, which then has your session in its memory. The truth is in the store, so any of them may sink.")),
    h(
      "div",
      { class: "split" },
      h("section", { class: "card answered", "aria-labelledby": "answered" }, name, h("div", {}, h("h2", { id: "answered" }, "Answered by this node"), row), moved),
      h("section", { class: "card stack", "aria-labelledby": "ways" }, h("h2", { id: "ways" }, "Sink it"), h("p", { class: "soft" }, "In a terminal of this machine. Another node answers at once, and this one is started again."), ways),
    ),
    h("section", { class: "stack quay", "aria-labelledby": "berths" }, h("div", { class: "aisle" }, h("h2", { id: "berths" }, "At the quay"), pause), list, spread),
  );
  return {
    title: "Nodes",
    node,
    end() {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seenAgain);
    },
  };
}

const way = (what: string, command: string): HTMLElement => h("div", {}, h("dt", {}, what), h("dd", {}, h("code", { class: "command" }, command)));

const STATES: Readonly<Record<NodeStatus["state"], string>> = { up: "up", leaving: "leaving", gone: "gone" };

function berth({ label, status }: ClusterReport["nodes"][number], answered: string, { nodes, window }: ClusterReport): HTMLElement {
  const state = status?.state ?? "gone";
  const up = state !== "gone";
  const { near, window: counted } = status ?? {};
  const reads = near ? near.hits + near.misses : 0;
  const sessions = nodes.reduce((sum, { status: other }) => sum + (other?.state === "gone" ? 0 : other?.window?.sessions ?? 0), 0);
  return h(
    "li",
    { class: "card", "data-state": state },
    h("h3", {}, `Node ${label}`, h("span", { class: "tag", "data-state": state }, STATES[state]), label === answered && h("span", { class: "tag" }, "answered you")),
    h("p", { class: "soft" }, !status ? "Never heard of." : up ? `Process ${status.pid}, began ${agoText(status.at - status.since)}.` : `Process ${status.pid} is over.`),
    up && near ? bar("Read from memory", reads === 0 ? "none yet" : `${((100 * near.hits) / reads).toFixed(1)}%`, near.hits, reads) : null,
    up && counted ? bar(`Sessions in the last ${window / 1000} s`, `${counted.sessions} of ${sessions}`, counted.sessions, sessions) : null,
    up
      ? h(
          "dl",
          { class: "facts" },
          fact("Requests", status?.requests),
          near ? fact("Reads of the store", near.misses) : null,
          near ? fact("Copies in memory", `${near.copies}, ${(near.bytes / 1024).toFixed(0)} KiB`) : null,
          counted ? fact("New sessions in those", counted.assigned) : null,
        )
      : null,
  );
}

const fact = (name: string, value: string | number | undefined): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", { class: "num" }, value ?? ""));

/** A rope as long as the share. The number beside it says the same. */
function bar(label: string, words: string, part: number, whole: number): HTMLElement {
  const rope = h("span");
  rope.style.setProperty("--left", `${percent(part, whole || 1)}%`);
  return h("div", { class: "gauge share" }, h("div", { class: "gauge-top" }, h("span", {}, label), h("b", {}, words)), h("div", { class: "line-out", "aria-hidden": "true" }, rope));
}
