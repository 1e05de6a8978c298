import { configError, noOthers, whole } from "../config-error.ts";
import { affinityCookieOf, leakIn } from "./affinity-cookie.ts";
import { attributeFindings, attributesOf, type Finding, type Verification } from "./findings.ts";
import { judge, type Judgement } from "./judge.ts";
import { createCrowd, neighbourOf, observe } from "./kinds.ts";
import { loseAndReturn } from "./loss.ts";
import { type ProbeOptions, type Probed, spreadOf, sum } from "./probe.ts";
import { unevenness } from "./spread.ts";

export interface VerifyOptions {
  /** Clients of each kind. Default 90; some twenty requests for each in all. */
  readonly clients?: number;
  /** The response header by which the application says which node answers. Default `x-node`. */
  readonly nodeHeader?: string;
  /** The header that clients without cookies send. Default `X-Session-ID`. */
  readonly sessionHeader?: string;
  /** Addresses of nodes, `host:port`, to look for in the cookie. */
  readonly suspects?: readonly string[];
  /** An address of this machine for the client of this number, from 0 to five times `clients`, where it has many: 127.0.0.0/8 for a balancer on it. Default: all come from one. */
  readonly addressOf?: (client: number) => string;
  /** Takes the node of this name away, and gives it back. Resolve when the balancer has had the time to notice. */
  readonly lose?: { readonly take: (node: string) => Promise<void>; readonly giveBack: (node: string) => Promise<void> };
  /** Milliseconds for one request. Default 5 s. */
  readonly timeout?: number;
}

/** Where more of the requests than that told nothing, nothing is said of what keeps clients together. */
const UNSEEN = 0.1;
/** New clients in all, for each that goes on: enough to tell half as much again from chance. */
const NEW = 4;

/**
 * Looks at a running balancer from outside, as clients do: with and without cookies, with a header, from one address and from many. Sends some two thousand requests, so ask its owner.
 * @throws HoldfastError `config`
 */
export async function verifyAffinity(target: string, options: VerifyOptions = {}): Promise<Verification> {
  noOthers("", options, ["clients", "nodeHeader", "sessionHeader", "suspects", "addressOf", "lose", "timeout"]);
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) throw configError("url", "must be one of http or https.");
  const count = whole("clients", options.clients ?? 90, 30, 10_000);
  const { sessionHeader = "X-Session-ID", suspects = [], addressOf, lose } = options;
  const probed: Probed = { url: new URL(target), nodeHeader: (options.nodeHeader ?? "x-node").toLowerCase(), timeout: options.timeout ?? 5000 };
  const crowd = createCrowd(probed);
  const { ask, many } = crowd;
  const browser = (number: number): ProbeOptions => ({ keepsCookies: true, address: addressOf?.(number) });
  const inOffice = (): ProbeOptions => ({ keepsCookies: false, address: addressOf?.(1) });
  const headed = (number: number): ProbeOptions => ({ ...inOffice(), headers: { [sessionHeader]: `probe-${number}-${count}` } });

  const browsers = many(count, browser);
  await ask(browsers);
  const first = spreadOf(browsers);
  const findings: Finding[] = [];
  const untried: string[] = [];
  const total = (what: "requests" | "errors" | "silent"): number => sum(crowd.rounds.map((round) => round[what]));
  const result = (rest: Pick<Verification, "key" | "spread" | "cookie" | "loss">): Verification => {
    const [requests, errors, silent] = [total("requests"), total("errors"), total("silent")];
    if (errors > 0) findings.push({ code: "errors", text: `${errors} of ${requests} requests failed.` });
    if (silent > 0 && first.size > 0) findings.push({ code: "errors", text: `${silent} of ${requests} answers lack the header ${probed.nodeHeader}: they are of no node (a rate limit?), and nothing is known of them.` });
    return { ...rest, requests, errors, findings, untried };
  };
  if (first.size === 0) {
    findings.push({ code: "no_node", text: `no response has the header ${probed.nodeHeader}: let the application say there which node it is.` });
    return result({ key: "unknown", spread: {}, cookie: undefined, loss: undefined });
  }
  const cookie = affinityCookieOf(browsers);
  const movedOnSecond = await ask(browsers);
  const later = { clients: count, nodes: first, movedOnSecond, requests: count * 3, moved: await ask(browsers, 3) };
  const cookieless = await observe(crowd, many(count, (number) => ({ ...browser(number), keepsCookies: false })));
  const office = await observe(crowd, many(count, inOffice));
  const withHeader = many(count, headed);
  const neighbour = (number: number): string | undefined => addressOf && neighbourOf(addressOf(1), number);
  const judged: Judgement = judge({
    browsers: later,
    cookieless,
    office,
    headed: await observe(crowd, withHeader),
    neighbours: neighbour(0) === undefined ? undefined : await observe(crowd, many(count, (number) => ({ keepsCookies: false, address: neighbour(number) }))),
    cookie,
    sessionHeader,
    manyAddresses: addressOf !== undefined,
  });
  findings.push(...judged.findings);
  untried.push(...judged.untried);
  const { sticky, alone } = judged;
  if (addressOf === undefined) untried.push("many addresses: this machine has one, so that what goes by address looks as if there were one node.");
  const unseen = total("errors") + total("silent") > UNSEEN * total("requests");
  const key = unseen ? "unknown" : judged.key;

  const [steady, kind] = key === "header" ? [withHeader, headed] : [browsers, browser];
  const strangers = many(alone ? 0 : count * (NEW - 1), kind, count);
  await ask(strangers);
  const spread = new Map(key === "header" ? spreadOf(withHeader) : first);
  for (const [node, clients] of spreadOf(strangers)) spread.set(node, (spread.get(node) ?? 0) + clients);
  if (sticky && movedOnSecond > 0) await ask(strangers);

  if (cookie !== undefined) {
    findings.push(...attributeFindings(cookie.name, cookie.line));
    const leak = cookie.values.map((value) => leakIn(value, suspects)).find((found) => found !== undefined);
    if (leak !== undefined) findings.push({ code: "leaks_address", text: `${cookie.name} holds ${leak}.` });
  }
  // Where clients move anyway, it would say nothing.
  const tried = lose === undefined || !sticky || alone ? undefined : await loseAndReturn({ crowd, probes: steady, strangers, newcomers: many(count, kind, count * NEW), byCookie: key === "cookie", lose });
  findings.push(...(tried?.findings ?? []));
  untried.push(...(tried?.untried ?? []));
  if (tried === undefined) untried.push(`the loss and return of a node: ${lose === undefined ? "say how to take one away" : alone ? "there is no other" : "clients move anyway"}.`);
  // Nodes that only answered when another was gone count as well.
  findings.push(...unevenness(spread, new Set(crowd.rounds.flatMap(({ answered }) => [...answered]))));
  return result({ key, spread: Object.fromEntries(spread), cookie: cookie && { name: cookie.name, attributes: attributesOf(cookie.line) }, loss: tried?.loss });
}
