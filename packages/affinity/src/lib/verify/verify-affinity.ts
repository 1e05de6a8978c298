import { configError, noOthers, whole } from "../config-error.ts";
import { chiSquareTail } from "../monitor/chi-square.ts";
import { affinityCookieOf, leakIn } from "./affinity-cookie.ts";
import { attributeFindings, attributesOf, type Finding, type Verification } from "./findings.ts";
import { loseAndReturn } from "./loss.ts";
import { askAll, createProbe, type Probe, type ProbeOptions, type Probed, type Round, spreadOf, sum } from "./probe.ts";

export interface VerifyOptions {
  /** Clients of each kind. Default 90; about ten requests each. */
  readonly clients?: number;
  /** The response header by which the application says which node answers. Default `x-node`. */
  readonly nodeHeader?: string;
  /** The header that clients without cookies send. Default `X-Session-ID`. */
  readonly sessionHeader?: string;
  /** Addresses of nodes, `host:port`, to look for in the cookie. */
  readonly suspects?: readonly string[];
  /** An address of this machine for the client of this number, where it has many: 127.0.0.0/8 for a balancer on it. Default: all come from one. */
  readonly addressOf?: (client: number) => string;
  /** Takes the node of this name away, and gives it back. Resolve when the balancer has had the time to notice. */
  readonly lose?: { readonly take: (node: string) => Promise<void>; readonly giveBack: (node: string) => Promise<void> };
  /** Milliseconds for one request. Default 5 s. */
  readonly timeout?: number;
}

/** Where more of the requests than that told nothing, nothing is said of what keeps clients together. */
const UNSEEN = 0.1;
/** More than that is no chance. */
const SIGNIFICANCE = 0.001;

/**
 * Looks at a running balancer from outside, as clients do: with and without cookies, with a header, from one address and from many. Sends some thousand requests, so ask its owner.
 * @throws HoldfastError `config`
 */
export async function verifyAffinity(target: string, options: VerifyOptions = {}): Promise<Verification> {
  noOthers("", options, ["clients", "nodeHeader", "sessionHeader", "suspects", "addressOf", "lose", "timeout"]);
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) throw configError("url", "must be one of http or https.");
  const count = whole("clients", options.clients ?? 90, 30, 10_000);
  const { sessionHeader = "X-Session-ID", suspects = [], addressOf, lose } = options;
  const probed: Probed = { url: new URL(target), nodeHeader: (options.nodeHeader ?? "x-node").toLowerCase(), timeout: options.timeout ?? 5000 };
  const many = (build: (number: number) => ProbeOptions): Probe[] => Array.from({ length: count }, (_, number) => createProbe(probed, build(number)));
  const rounds: Round[] = [];
  const ask = async (probes: readonly Probe[], times = 1): Promise<number> => {
    let moved = 0;
    for (let time = 0; time < times; time += 1) {
      // Forth and back: a balancer that takes turns must not meet the same client at the same turn.
      const round = await askAll(rounds.length % 2 === 0 ? probes : probes.toReversed());
      rounds.push(round);
      moved += sum(round.moved.values());
    }
    return moved;
  };

  const browsers = many((number) => ({ keepsCookies: true, address: addressOf?.(number) }));
  await ask(browsers);
  const spread = spreadOf(browsers);
  const findings: Finding[] = [];
  const untried: string[] = [];
  const total = (what: "requests" | "errors" | "silent"): number => sum(rounds.map((round) => round[what]));
  const result = (rest: Pick<Verification, "key" | "cookie" | "loss">): Verification => {
    const [requests, errors, silent] = [total("requests"), total("errors"), total("silent")];
    if (errors > 0) findings.push({ code: "errors", text: `${errors} of ${requests} requests failed.` });
    if (silent > 0 && spread.size > 0) findings.push({ code: "errors", text: `${silent} of ${requests} answers lack the header ${probed.nodeHeader}: they are of no node (a rate limit?), and nothing is known of them.` });
    return { ...rest, requests, errors, spread: Object.fromEntries(spread), findings, untried };
  };
  const nothing = { key: "unknown", cookie: undefined, loss: undefined } as const;
  if (spread.size === 0) {
    findings.push({ code: "no_node", text: `no response has the header ${probed.nodeHeader}: let the application say there which node it is.` });
    return result(nothing);
  }
  const cookie = affinityCookieOf(browsers);
  const onSecond = await ask(browsers);
  const later = await ask(browsers, 3);

  const cookieless = await ask(await settled(many((number) => ({ keepsCookies: false, address: addressOf?.(number) })), ask), 2);
  const office = many(() => ({ keepsCookies: false, address: addressOf?.(1) }));
  const officeMoved = await ask(await settled(office, ask), 2);
  const oneOffice = spreadOf(office).size === 1;
  const headed = many((number) => ({ keepsCookies: false, address: addressOf?.(1), headers: { [sessionHeader]: `probe-${number}-${count}` } }));
  const withHeader = await ask(await settled(headed, ask), 2);

  const sticky = later === 0;
  const alone = new Set([spread, spreadOf(office), spreadOf(headed)].flatMap((seen) => [...seen.keys()])).size === 1;
  if (alone) findings.push({ code: "one_node", text: `a single node answers: there is nothing to choose${addressOf === undefined ? ", or the balancer goes by address, of which this machine has one" : ""}.` });
  if (later > browsers.length * 3 * 0.4) findings.push({ code: "not_sticky", text: `${later} of ${browsers.length * 3} requests of clients with cookies went to another node than the one before.` });
  else if (!sticky) findings.push({ code: "partly_sticky", text: `${later} of ${browsers.length * 3} requests of clients with cookies went to another node than the one before: a hash with bounded loads does that.` });
  else if (onSecond > browsers.length / 10) findings.push({ code: "moves_once", text: `${onSecond} of ${browsers.length} clients moved with their second request: the balancer hashes a cookie that the first one does not have yet.` });

  const byAddress = !alone && cookie === undefined && sticky && cookieless === 0 && officeMoved === 0 && oneOffice;
  if (byAddress) findings.push({ code: "by_address", text: `all ${office.length} clients of one address were sent to one node.` });
  if (addressOf === undefined) untried.push("many addresses: this machine has one, so that what goes by address looks as if there were one node.");
  const unseen = total("errors") + total("silent") > UNSEEN * total("requests");
  const key = alone || unseen ? "unknown" : cookie !== undefined && sticky ? "cookie" : byAddress ? "address" : !sticky && withHeader === 0 && !oneOffice ? "header" : sticky ? "cookie" : "none";
  if (spread.size > 1) findings.push(...unevenness(key === "header" ? spreadOf(headed) : spread));
  if (cookie !== undefined) {
    findings.push(...attributeFindings(cookie.name, cookie.line));
    const leak = cookie.values.map((value) => leakIn(value, suspects)).find((found) => found !== undefined);
    if (leak !== undefined) findings.push({ code: "leaks_address", text: `${cookie.name} holds ${leak}.` });
  }
  // Where clients move anyway, it would say nothing.
  const loss = lose === undefined || !sticky || alone ? undefined : await loseAndReturn(browsers, lose, rounds, findings);
  if (lose === undefined) untried.push("the loss and return of a node: say how to take one away.");
  else if (alone) untried.push("the loss and return of a node: there is no other.");
  return result({ key, cookie: cookie && { name: cookie.name, attributes: attributesOf(cookie.line) }, loss });
}

/** Each has been answered once, so that what comes next can be compared. */
async function settled(probes: readonly Probe[], ask: (probes: readonly Probe[]) => Promise<number>): Promise<readonly Probe[]> {
  await ask(probes);
  return probes;
}

function unevenness(spread: ReadonlyMap<string, number>): Finding[] {
  const mean = sum(spread.values()) / spread.size;
  const chance = chiSquareTail(sum([...spread.values()].map((count) => (count - mean) ** 2 / mean)), spread.size - 1);
  const words = [...spread].map(([node, count]) => `${node} ${count}`).join(", ");
  return chance < SIGNIFICANCE ? [{ code: "uneven", text: `new clients were spread ${words}: chance alone does that once in ${Math.round(1 / chance)} times.` }] : [];
}
