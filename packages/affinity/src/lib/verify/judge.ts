import type { SeenCookie } from "./affinity-cookie.ts";
import type { Finding, Verification } from "./findings.ts";
import { sum } from "./probe.ts";

/** Clients of one kind: how many, on which nodes, and how many of their requests another node answered than the one before. */
export interface Kind {
  readonly clients: number;
  readonly nodes: ReadonlyMap<string, number>;
  readonly requests: number;
  readonly moved: number;
}

/** What the clients met. */
export interface Seen {
  /** With cookies and an address each, from the third request on. */
  readonly browsers: Kind & { readonly movedOnSecond: number };
  /** Without cookies, with an address each. */
  readonly cookieless: Kind;
  /** Without cookies, all of one address. */
  readonly office: Kind;
  /** The same with a header each. */
  readonly headed: Kind;
  /** Without cookies, with addresses of one /24; `undefined` where the machine may not have them. */
  readonly neighbours: Kind | undefined;
  readonly cookie: SeenCookie | undefined;
  readonly sessionHeader: string;
  readonly manyAddresses: boolean;
}

export interface Judgement {
  readonly key: Verification["key"];
  /** Clients of this key stay where they are. */
  readonly sticky: boolean;
  /** There is one node. */
  readonly alone: boolean;
  readonly findings: readonly Finding[];
  /** What could not be told, and why. */
  readonly untried: readonly string[];
}

/** How many of their requests go elsewhere at least, by five standard deviations, if every request is sent to any node: fewer than that are no chance. With few clients on other nodes even none says nothing. */
function fewestByChance({ nodes, requests }: Kind): number {
  const answered = sum(nodes.values());
  const elsewhere = 1 - sum([...nodes.values()].map((count) => (count / answered) ** 2));
  return requests * elsewhere - 5 * Math.sqrt(requests * elsewhere * (1 - elsewhere));
}

const areKept = (kind: Kind): boolean => kind.moved === 0 || kind.moved < fewestByChance(kind);

/** By what the balancer keeps clients together, and what is wrong with that. */
export function judge({ browsers, cookieless, office, headed, neighbours, cookie, sessionHeader, manyAddresses }: Seen): Judgement {
  const nodes = new Set([browsers, office, headed, neighbours].flatMap((kind) => [...(kind?.nodes.keys() ?? [])]));
  const oneAddress = manyAddresses ? "these clients are all of one /24" : "this machine has one";
  if (nodes.size === 1) return { key: "unknown", sticky: true, alone: true, findings: [{ code: "one_node", text: `a single node answers: there is nothing to choose, or the balancer goes by address and ${oneAddress}.` }], untried: [] };

  const findings: Finding[] = [];
  const untried: string[] = [];
  const sticky = browsers.moved === 0;
  const { movedOnSecond, clients } = browsers;
  if (!areKept(browsers)) findings.push({ code: "not_sticky", text: `${browsers.moved} of ${browsers.requests} requests of clients with cookies went to another node than the one before.` });
  else if (!sticky) findings.push(partly("cookies", browsers));
  else if (movedOnSecond > clients / 10) findings.push({ code: "moves_once", text: `${movedOnSecond} of ${clients} clients moved with their second request: the balancer hashes a cookie that the first one does not have yet.` });
  else if (movedOnSecond > 0) untried.push(`why ${movedOnSecond} of ${clients} clients moved with their second request, and none after it: a node may have failed just then.`);

  // Without the header, they may be anywhere, or all on one.
  const byHeader = (!areKept(browsers) || browsers.nodes.size === 1) && headed.nodes.size > 1 && areKept(headed);
  // A bounded hash keeps them most of the time.
  if (byHeader && headed.moved > 0) findings.push(partly(sessionHeader, headed));
  const byAddress = !byHeader && cookie === undefined && sticky && cookieless.moved === 0 && office.moved === 0 && office.nodes.size === 1;
  if (byAddress) findings.push({ code: "by_address", text: `all ${office.clients} clients of one address were sent to one node.` });
  if (byAddress && neighbours?.nodes.size === 1) findings.push({ code: "by_network", text: `all ${neighbours.clients} clients of one /24 were sent to one node: the balancer takes such a network for one client (ip_hash does).` });
  const key = byHeader ? "header" : byAddress ? "address" : sticky ? "cookie" : "none";
  const [kept, what] = byHeader ? [headed, sessionHeader] : [browsers, "cookies"];
  if (kept.moved === 0 && fewestByChance(kept) <= 0) untried.push(`whether clients with ${what} are kept: none of them moved, but too few were on other nodes than most (${[...kept.nodes.values()].join(", ")}) to tell. Take more clients.`);
  return { key, sticky: key === "header" ? headed.moved === 0 : sticky, alone: false, findings, untried };
}

const partly = (what: string, { moved, requests }: Kind): Finding => ({ code: "partly_sticky", text: `${moved} of ${requests} requests of clients with ${what} went to another node than the one before: a hash with bounded loads does that.` });
