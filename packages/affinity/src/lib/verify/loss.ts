import type { Finding, Verification } from "./findings.ts";
import { askAll, type Probe, type Round, spreadOf, sum } from "./probe.ts";
import type { VerifyOptions } from "./verify-affinity.ts";

/** Takes the node with the most clients away and gives it back, and looks who moves. Rejects as `take` and `giveBack` do; what was taken is given back before. */
export async function loseAndReturn(probes: readonly Probe[], lose: NonNullable<VerifyOptions["lose"]>, rounds: Round[], findings: Finding[]): Promise<NonNullable<Verification["loss"]>> {
  const ask = async (): Promise<Round> => {
    const round = await askAll(probes);
    rounds.push(round);
    return round;
  };
  const [node = "", victims = 0] = [...spreadOf(probes)].sort(([, a], [, b]) => b - a)[0] ?? [];
  const before = probes.map((probe) => probe.node);
  /** Clients that are not where they were when it went, by whether it was theirs. */
  const movedOf = (own: boolean): number => probes.filter((probe, index) => (before[index] === node) === own && probe.node !== before[index]).length;
  await lose.take(node).catch(async (error: unknown) => {
    // It may have done it and failed after that. What is told is why it failed.
    await lose.giveBack(node).catch(() => undefined);
    throw error;
  });
  const lost = [await ask(), await ask()];
  const victimsMoved = movedOf(true);
  const bystandersMoved = movedOf(false);
  await lose.giveBack(node);
  const back = [await ask(), await ask()];
  const movedOnReturn = sum(back.map(({ moved }) => sum(moved.values())));
  if (lost.some(({ answered }) => answered.has(node))) findings.push({ code: "not_lost", text: `${node} went on to answer when it was taken away: that took nothing, or the balancer had not noticed yet.` });
  if (bystandersMoved > 0) findings.push({ code: "bystanders_move", text: `when ${node} was gone, ${bystandersMoved} clients of other nodes moved, too: the balancer hashes by the list of its servers.` });
  if (movedOnReturn > 0) findings.push({ code: "fails_back", text: `when ${node} was back, ${movedOnReturn} clients moved a second time.` });
  return { victims, victimsMoved, bystandersMoved, movedOnReturn, errors: sum([...lost, ...back].map(({ errors }) => errors)) };
}
