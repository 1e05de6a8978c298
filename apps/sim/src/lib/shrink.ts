import type { Act, Plan } from "./plan.ts";
import { type Outcome, play } from "./run.ts";

/** The smallest schedule found that still breaks the same rule: acts left out, and what is left made plainer. */
export async function shrink(plan: Plan): Promise<Plan> {
  const wanted = kindOf(await outcomeOf(plan));
  const breaks = async (candidate: Plan): Promise<boolean> => kindOf(await outcomeOf(candidate)) === wanted;
  let best = plan;
  for (let size = Math.ceil(best.acts.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < best.acts.length; ) {
      const candidate = { ...best, acts: best.acts.toSpliced(from, size) };
      if (await breaks(candidate)) best = candidate;
      else from += size;
    }
  }
  for (const simpler of SIMPLER) {
    for (let i = 0; i < best.acts.length; i++) {
      const act = best.acts[i];
      const changed = act && simpler(act);
      if (!changed) continue;
      const candidate = { ...best, acts: best.acts.with(i, changed) };
      if (await breaks(candidate)) best = candidate;
    }
  }
  for (const plainer of [{ skews: [0, 0] as const }, { copyAge: 0 }, { mayLose: false }]) {
    const candidate = { ...best, ...plainer };
    if (await breaks(candidate)) best = candidate;
  }
  return best;
}

const SIMPLER: readonly ((act: Act) => Act | undefined)[] = [
  (act) => (act.kind === "request" && act.faults.length > 0 ? { ...act, faults: [] } : undefined),
  (act) => (act.kind === "request" && act.lost ? { ...act, lost: false } : undefined),
  (act) => (act.kind === "request" && act.navigation ? { ...act, navigation: false } : undefined),
  (act) => (act.kind === "request" && act.server === 1 ? { ...act, server: 0 } : undefined),
  (act) => (act.kind === "request" && act.operation !== "read" && act.operation !== "start" ? { ...act, operation: "read" } : undefined),
  (act) => (act.kind === "request" && act.up > 0 ? { ...act, up: 0 } : undefined),
  (act) => (act.kind === "request" && act.handler > 0 ? { ...act, handler: 0 } : undefined),
  (act) => (act.kind === "request" && act.down > 0 ? { ...act, down: 0 } : undefined),
];

export async function outcomeOf(plan: Plan, trace?: (line: string) => void): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await play([plan], (found) => (outcome = found), trace);
  if (!outcome) throw new Error("The schedule has no outcome.");
  return outcome;
}

/** Which rule was broken, without the names and numbers of this schedule. */
const kindOf = ({ violations }: Outcome): string | undefined => violations[0]?.replace(/^[^:]*: /, "").replaceAll(/[\d.]+/g, "").slice(0, 40);
