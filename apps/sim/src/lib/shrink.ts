import type { Judged, Schedule, Simulation, Sum } from "./simulation.ts";

type Shrinkable<Act, Plan extends Schedule<Act>, Outcome extends Judged> = Pick<Simulation<Act, Plan, never, Outcome, Sum>, "play" | "plainer" | "simpler">;

/** The smallest schedule found that still breaks the same rule: acts left out, and what is left made plainer. */
export async function shrink<Act, Plan extends Schedule<Act>, Outcome extends Judged>(simulation: Shrinkable<Act, Plan, Outcome>, plan: Plan): Promise<Plan> {
  const wanted = kindOf(await outcomeOf(simulation, plan));
  let best = plan;
  const attempt = async (change: Partial<Plan> | { readonly acts: readonly Act[] }): Promise<boolean> => {
    const candidate = { ...best, ...change };
    const same = kindOf(await outcomeOf(simulation, candidate)) === wanted;
    if (same) best = candidate;
    return same;
  };
  for (let size = Math.ceil(best.acts.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < best.acts.length; ) if (!(await attempt({ acts: best.acts.toSpliced(from, size) }))) from += size;
  }
  for (const simpler of simulation.simpler) {
    for (const [i, act] of best.acts.entries()) {
      const changed = simpler(act);
      if (changed) await attempt({ acts: best.acts.with(i, changed) });
    }
  }
  for (const plainer of simulation.plainer) await attempt(plainer);
  return best;
}

export async function outcomeOf<Act, Plan extends Schedule<Act>, Outcome extends Judged>({ play }: Pick<Shrinkable<Act, Plan, Outcome>, "play">, plan: Plan, trace?: (line: string) => void): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await play([plan], (found) => (outcome = found), trace);
  if (!outcome) throw new Error("The schedule has no outcome.");
  return outcome;
}

/** Which rule was broken, without the names and numbers of this schedule. */
const kindOf = ({ violations }: Judged): string | undefined => violations[0]?.replace(/^[^:]*: /, "").replaceAll(/[\d.]+/g, "").slice(0, 40);
