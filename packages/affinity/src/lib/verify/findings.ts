/**
 * - `no_node`: the application does not say who answers, so nothing can be said.
 * - `one_node`: a single node answers; there is nothing to choose. From one address it may be a balancer that goes by that.
 * - `not_sticky`: clients with cookies are sent anywhere.
 * - `moves_once`: every client moves after its first request (a hash of a cookie that is not there yet).
 * - `partly_sticky`: some requests of clients with cookies go elsewhere (a hash with bounded loads).
 * - `by_address`: clients behind one address are on one node.
 * - `by_network`: clients of one /24 are on one node.
 * - `uneven`: new clients are not spread evenly.
 * - `cookie_script_readable`, `cookie_insecure`, `cookie_same_site`, `cookie_domain`: an attribute of the affinity cookie is missing, or is one that should be.
 * - `leaks_address`: the affinity cookie shows where the nodes are.
 * - `not_lost`: a node that was taken away goes on to answer, so that nothing is known of its loss.
 * - `not_failed_over`: when a node is lost, its clients get no answer while it is gone.
 * - `bystanders_move`: when a node is lost, clients of others move too.
 * - `fails_back`: when it returns, clients move: those that it had, for the second time.
 * - `not_back`: when it returns, new clients do not meet it as they did before.
 * - `cookie_forgotten`: when it returns, clients that held its cookie and had asked nothing meanwhile are sent elsewhere.
 * - `errors`: requests failed, or were answered by no node.
 */
export type FindingCode =
  | "no_node"
  | "one_node"
  | "not_sticky"
  | "moves_once"
  | "partly_sticky"
  | "by_address"
  | "by_network"
  | "uneven"
  | "cookie_script_readable"
  | "cookie_insecure"
  | "cookie_same_site"
  | "cookie_domain"
  | "leaks_address"
  | "not_lost"
  | "not_failed_over"
  | "bystanders_move"
  | "fails_back"
  | "not_back"
  | "cookie_forgotten"
  | "errors";

export interface Finding {
  readonly code: FindingCode;
  /** With the figures, for people. */
  readonly text: string;
}

/** What a balancer does, and what is wrong with it. */
export interface Verification {
  /** By what it keeps clients together, as far as can be told from outside. */
  readonly key: "cookie" | "header" | "address" | "none" | "unknown";
  readonly requests: number;
  readonly errors: number;
  /** New clients by the node that they were sent to. */
  readonly spread: Readonly<Record<string, number>>;
  /** The name of its cookie, and the attributes that it has. */
  readonly cookie: { readonly name: string; readonly attributes: readonly string[] } | undefined;
  /** What a node's loss and return did; `undefined` where none was tried. */
  readonly loss: LossFigures | undefined;
  readonly findings: readonly Finding[];
  /** What was not tried, and why. */
  readonly untried: readonly string[];
}

/** Clients, but for `errors`, which are requests. */
export interface LossFigures {
  /** On the node when it was taken away. */
  readonly victims: number;
  readonly victimsMoved: number;
  /** Of these, who got no answer of a node the last time that they asked while it was gone. */
  readonly stranded: number;
  /** Of other nodes. */
  readonly bystandersMoved: number;
  /** When the node was back, of all that go on. */
  readonly movedOnReturn: number;
  /** On the node before, without a request while it was gone, and answered when it was back; and how many of them did not find it again. */
  readonly holders: number;
  readonly holdersElsewhere: number;
  /** New when it was back, and answered; and how many of them were sent to it. */
  readonly newcomers: number;
  readonly newOnIt: number;
  readonly errors: number;
}

/** What is wrong with the attributes of an affinity cookie. */
export function attributeFindings(name: string, line: string): Finding[] {
  const attributes = attributesOf(line).map((attribute) => attribute.toLowerCase());
  const has = (start: string): boolean => attributes.some((attribute) => attribute === start || attribute.startsWith(`${start}=`));
  const findings: (Finding | false)[] = [
    !has("httponly") && { code: "cookie_script_readable", text: `${name} lacks HttpOnly: every script of the page can read it.` },
    !has("secure") && { code: "cookie_insecure", text: `${name} lacks Secure: it is sent over plain HTTP, too.` },
    !has("samesite") && { code: "cookie_same_site", text: `${name} lacks SameSite.` },
    has("domain") && { code: "cookie_domain", text: `${name} has a Domain: it goes to every subdomain, whoever runs that.` },
  ];
  return findings.filter((finding) => finding !== false);
}

export const attributesOf = (line: string): string[] => line.split(/;\s*/).slice(1).filter((attribute) => attribute !== "");
