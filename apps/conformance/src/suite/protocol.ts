import { evaluate, formatDeadlines, parseDeadlines, parseProblemType, parseSessionView, PROBLEMS, problemType } from "@holdfast/session-protocol";
import type { Case, Suite } from "./case.ts";
import { same } from "./expect.ts";

const cases: readonly Case[] = [
  {
    name: "a deadline has passed when now has reached it, and the earlier one is the reason",
    run() {
      const deadlines = { idleAt: 1000, absoluteAt: 5000 };
      same(evaluate(deadlines, 0, 300), { state: "active", by: "idle", endsIn: 1000, changesAt: 700 });
      same(evaluate(deadlines, 700, 300), { state: "warning", by: "idle", endsIn: 300, changesAt: 1000 });
      same(evaluate(deadlines, 1000), { state: "expired", by: "idle" });
      same(evaluate({ idleAt: 9000, absoluteAt: 5000 }, 6000), { state: "expired", by: "absolute" });
      same(evaluate({ idleAt: Number.NaN, absoluteAt: 5000 }, 0).state, "expired");
    },
  },
  {
    name: "Session-Deadlines reads back as it was written, and nothing else is taken for it",
    run() {
      const deadlines = { idle: 1799, absolute: 28_799, epoch: "k3" };
      same(parseDeadlines(formatDeadlines({ ...deadlines, idle: 1799.9 })), deadlines);
      same(parseDeadlines('idle=1799;x=1, absolute=28799, more=?1, epoch="k3"'), deadlines);
      for (const wrong of [null, undefined, "", "idle=1", 'idle=-1, absolute=2, epoch="a"', 'idle=1, absolute=2, epoch="a', "x".repeat(600)]) same(parseDeadlines(wrong), null, String(wrong).slice(0, 40));
    },
  },
  {
    name: "a view is checked, and what it does not know is dropped",
    run() {
      const view = { state: "active", id: "a", subject: "ada", data: { n: 1 }, idleIn: 10, expiresIn: 20, authenticatedAgo: 0, epoch: "e" };
      same(parseSessionView({ ...view, more: 1 }), view);
      same(parseSessionView({ state: "none", ended: "made up" }), { state: "none" });
      for (const wrong of [null, 1, "active", [], { ...view, subject: "" }, { ...view, idleIn: -1 }, { ...view, expiresIn: 1.5 }]) same(parseSessionView(wrong), null);
    },
  },
  {
    name: "problem types have names, both ways",
    run() {
      same(PROBLEMS.map((name) => parseProblemType(problemType(name))), PROBLEMS);
      same(parseProblemType("about:blank"), undefined);
    },
  },
];

export const protocol: Suite = { name: "protocol", cases };
