import type { Finding, LossFigures } from "./findings.ts";
import type { Crowd } from "./kinds.ts";
import { type Probe, spreadOf } from "./probe.ts";
import { canTell, isLess } from "./spread.ts";
import type { VerifyOptions } from "./verify-affinity.ts";

export interface LossPlan {
  readonly crowd: Crowd;
  /** Clients that go on all the time. */
  readonly probes: readonly Probe[];
  /** Clients that were new, have a node by now and ask nothing while it is gone. */
  readonly strangers: readonly Probe[];
  /** Clients that nobody has seen yet. */
  readonly newcomers: readonly Probe[];
  /** What clients hold is a cookie, which has to be good for the node when it is back. */
  readonly byCookie: boolean;
  readonly lose: NonNullable<VerifyOptions["lose"]>;
}

/** Takes the node with the most clients away and gives it back, and looks who moves and who meets it again. Rejects as `take` and `giveBack` do; what was taken is given back before. */
export async function loseAndReturn({ crowd, probes, strangers, newcomers, byCookie, lose }: LossPlan): Promise<{ readonly loss: LossFigures; readonly findings: readonly Finding[]; readonly untried: readonly string[] }> {
  const [node = "", victims = 0] = [...spreadOf(probes)].sort(([, a], [, b]) => b - a)[0] ?? [];
  const since = crowd.rounds.length;
  const before = probes.map((probe) => probe.node);
  /** Clients that are not where they were when it went, by whether it was theirs. */
  const movedOf = (own: boolean): number => probes.filter((probe, index) => (before[index] === node) === own && probe.node !== before[index]).length;
  const away = strangers.filter((probe) => probe.node === node);
  await lose.take(node).catch(async (error: unknown) => {
    // It may have done it and failed after that. What is told is why it failed.
    await lose.giveBack(node).catch(() => undefined);
    throw error;
  });
  await crowd.ask(probes, 2);
  const lost = crowd.rounds.slice(since);
  const victimsMoved = movedOf(true);
  const bystandersMoved = movedOf(false);
  await lose.giveBack(node);
  const movedOnReturn = await crowd.ask(probes, 2);
  await crowd.ask(away);
  await crowd.ask(newcomers);
  const holdersElsewhere = away.filter((probe) => probe.node !== node).length;
  const newOnIt = newcomers.filter((probe) => probe.node === node).length;

  const share = { of: strangers.length, some: away.length };
  const tells = canTell(newcomers.length, share);
  const isBack = !isLess({ of: newcomers.length, some: newOnIt }, share);
  const holders = byCookie ? `, and ${holdersElsewhere} of ${away.length} that held its cookie were sent elsewhere` : "";
  const findings: (Finding | false)[] = [
    lost.some(({ answered }) => answered.has(node)) && { code: "not_lost", text: `${node} went on to answer when it was taken away: that took nothing, or the balancer had not noticed yet.` },
    bystandersMoved > 0 && { code: "bystanders_move", text: `when ${node} was gone, ${bystandersMoved} clients of other nodes moved, too: the balancer hashes by the list of its servers.` },
    movedOnReturn > 0 && { code: "fails_back", text: `when ${node} was back, ${movedOnReturn} clients moved a second time.` },
    !isBack && { code: "not_back", text: `when ${node} was given back, ${newOnIt} of ${newcomers.length} new clients were sent to it, of ${strangers.length} before it was ${away.length}${holders}.` },
    isBack && byCookie && holdersElsewhere > 0 && { code: "cookie_forgotten", text: `when ${node} was back, ${holdersElsewhere} of ${away.length} clients that held its cookie and had asked nothing meanwhile were sent elsewhere: the cookie is not good for it any more.` },
  ];
  return {
    loss: { victims, victimsMoved, bystandersMoved, movedOnReturn, holders: away.length, holdersElsewhere, newcomers: newcomers.length, newOnIt, errors: crowd.rounds.slice(since).reduce((all, { errors }) => all + errors, 0) },
    findings: findings.filter((finding) => finding !== false),
    untried: tells ? [] : [`whether new clients meet ${node} again: of ${strangers.length} it met ${away.length} before, which is too few to tell. Take more clients.`],
  };
}
