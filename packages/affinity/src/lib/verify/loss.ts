import type { Finding, LossFigures } from "./findings.ts";
import type { Crowd } from "./kinds.ts";
import { type Probe, type Round, spreadOf, sum } from "./probe.ts";
import { canTell, isLess, type Share } from "./spread.ts";
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
  const [node = ""] = [...spreadOf(probes)].sort(([, a], [, b]) => b - a)[0] ?? [];
  const since = crowd.rounds.length;
  const own = probes.filter((probe) => probe.node === node);
  const others = probes.filter((probe) => probe.node !== undefined && probe.node !== node);
  const away = strangers.filter((probe) => probe.node === node);
  const askTwice = async (): Promise<readonly Round[]> => {
    await crowd.ask(probes, 2);
    return crowd.rounds.slice(-2);
  };
  /** Who was answered in the last round: who was not still has the node of before, which says nothing. */
  const heardOf = (clients: readonly Probe[]): readonly Probe[] => clients.filter((probe) => crowd.rounds.at(-1)?.heard.has(probe));
  const shareOf = (clients: readonly Probe[]): Share => ({ of: clients.length, some: heardOf(clients).length });
  await lose.take(node).catch(async (error: unknown) => {
    // It may have done it and failed after that. What is told is why it failed.
    await lose.giveBack(node).catch(() => undefined);
    throw error;
  });
  const lost = await askTwice();
  const [ownHeard, othersHeard] = [shareOf(own), shareOf(others)];
  const movers = moversIn(lost);
  const movedOf = (clients: readonly Probe[]): number => clients.filter((probe) => movers.has(probe)).length;
  const [victimsMoved, bystandersMoved] = [movedOf(own), movedOf(others)];
  await lose.giveBack(node);
  const returning = [...moversIn(await askTwice())];
  const back = shareOf(probes);
  await crowd.ask(away);
  const holders = heardOf(away);
  await crowd.ask(newcomers);
  const met = heardOf(newcomers);
  const holdersElsewhere = holders.filter((probe) => probe.node !== node).length;
  const newOnIt = met.filter((probe) => probe.node === node).length;

  const stranded = own.length - ownHeard.some;
  // Where nobody is answered at all, it may be a rate limit.
  const isStranded = isLess(ownHeard, othersHeard) || (others.length === 0 && ownHeard.some === 0);
  const share = { of: strangers.filter((probe) => probe.node !== undefined).length, some: away.length };
  const isBack = !isLess({ of: met.length, some: newOnIt }, share);
  const held = byCookie && holders.length > 0 ? `, and ${holdersElsewhere} of ${holders.length} that held its cookie were sent elsewhere` : "";
  const findings: (Finding | false)[] = [
    lost.some(({ answered }) => answered.has(node)) && { code: "not_lost", text: `${node} went on to answer when it was taken away: that took nothing, or the balancer had not noticed yet.` },
    isStranded && { code: "not_failed_over", text: `when ${node} was gone, ${stranded} of its ${own.length} clients got no answer, also not at their second try: the balancer sends them to no other node, or had not noticed yet.` },
    bystandersMoved > 0 && { code: "bystanders_move", text: `when ${node} was gone, ${bystandersMoved} clients of other nodes moved: the balancer hashes by the list of its servers.` },
    returning.length > 0 && { code: "fails_back", text: `when ${node} was back, ${returning.length} of ${probes.length} clients moved, ${movedOf(returning)} a second time.` },
    !isBack && { code: "not_back", text: `when ${node} was back, ${newOnIt} of ${met.length} new clients were sent to it, of ${share.of} before it was ${away.length}${held}.` },
    isBack && byCookie && holdersElsewhere > 0 && { code: "cookie_forgotten", text: `when ${node} was back, ${holdersElsewhere} of ${holders.length} clients that held its cookie and had asked nothing meanwhile were sent elsewhere: the cookie is not good for it any more.` },
  ];
  const untried: (string | false)[] = [
    !isStranded && (areFew(ownHeard) || areFew(othersHeard)) && `who moves when ${node} is gone: ${ownHeard.some} of its ${own.length} clients were answered, and ${othersHeard.some} of ${others.length} others.`,
    areFew(back) && `who moves when ${node} is back: ${back.some} of ${back.of} clients were answered.`,
    byCookie && areFew({ of: away.length, some: holders.length }) && `whether cookies of ${node} are good for it again: ${holders.length} of ${away.length} clients that held one were answered.`,
    !canTell(met.length, share) && `whether new clients meet ${node} again: ${met.length} of ${newcomers.length} were answered, and of ${share.of} it met ${away.length} before, which is too few to tell. Take more clients.`,
  ];
  return {
    loss: { victims: own.length, victimsMoved, stranded, bystandersMoved, movedOnReturn: returning.length, holders: holders.length, holdersElsewhere, newcomers: met.length, newOnIt, errors: sum(crowd.rounds.slice(since).map(({ errors }) => errors)) },
    findings: findings.filter((finding) => finding !== false),
    untried: untried.filter((text) => text !== false),
  };
}

/** Clients that another node answered than the one before, once or more often. */
const moversIn = (rounds: readonly Round[]): ReadonlySet<Probe> => new Set(rounds.flatMap(({ moved }) => [...moved]));

/** Less than half. */
const areFew = ({ of, some }: Share): boolean => some * 2 < of;
