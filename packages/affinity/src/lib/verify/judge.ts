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
}

/** Whether fewer of their requests went elsewhere, by five standard deviations, than if every request were sent to any node: chance does not do that. */
function areKept({ nodes, requests, moved }: Kind): boolean {
  const answered = sum(nodes.values());
  const elsewhere = 1 - sum([...nodes.values()].map((count) => (count / answered) ** 2));
  return moved < requests * elsewhere - 5 * Math.sqrt(requests * elsewhere * (1 - elsewhere));
}

/** By what the balancer keeps clients together, and what is wrong with that. */
export function judge({ browsers, cookieless, office, headed, neighbours, cookie, sessionHeader, manyAddresses }: Seen): Judgement {
  const nodes = new Set([browsers, office, headed, neighbours].flatMap((kind) => [...(kind?.nodes.keys() ?? [])]));
  const oneAddress = manyAddresses ? "these clients are all of one /24" : "this machine has one";
  if (nodes.size === 1) return { key: "unknown", sticky: true, alone: true, findings: [{ code: "one_node", text: `a single node answers: there is nothing to choose, or the balancer goes by address and ${oneAddress}.` }] };

  const findings: Finding[] = [];
  const sticky = browsers.moved === 0;
  if (!areKept(browsers)) findings.push({ code: "not_sticky", text: `${browsers.moved} of ${browsers.requests} requests of clients with cookies went to another node than the one before.` });
  else if (!sticky) findings.push(partly("cookies", browsers));
  else if (browsers.movedOnSecond > browsers.clients / 10) findings.push({ code: "moves_once", text: `${browsers.movedOnSecond} of ${browsers.clients} clients moved with their second request: the balancer hashes a cookie that the first one does not have yet.` });

  const byHeader = !areKept(browsers) && headed.nodes.size > 1 && areKept(headed);
  // A bounded hash keeps them most of the time.
  if (byHeader && headed.moved > 0) findings.push(partly(sessionHeader, headed));
  const byAddress = cookie === undefined && sticky && cookieless.moved === 0 && office.moved === 0 && office.nodes.size === 1;
  if (byAddress) findings.push({ code: "by_address", text: `all ${office.clients} clients of one address were sent to one node.` });
  if (byAddress && neighbours?.nodes.size === 1) findings.push({ code: "by_network", text: `all ${neighbours.clients} clients of one /24 were sent to one node: the balancer takes such a network for one client (ip_hash does).` });
  const key = byHeader ? "header" : byAddress ? "address" : sticky ? "cookie" : "none";
  return { key, sticky: key === "header" ? headed.moved === 0 : sticky, alone: false, findings };
}

const partly = (what: string, { moved, requests }: Kind): Finding => ({ code: "partly_sticky", text: `${moved} of ${requests} requests of clients with ${what} went to another node than the one before: a hash with bounded loads does that.` });
