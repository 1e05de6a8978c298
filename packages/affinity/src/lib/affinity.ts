import type { Clock } from "@holdfast/session-core/store";

/** Milliseconds, as everywhere in Holdfast. */
export type Millis = ReturnType<Clock["now"]>;

/** What a balancer goes by. A cookie is best: it survives changes of the address, and tells apart the people behind one. */
export type AffinityKey = { readonly kind: "cookie" } | { readonly kind: "ip" } | { readonly kind: "header"; readonly header: string };

export interface AffinityNode {
  /** What stands in the cookie for this node: says nothing about where it is. */
  readonly label: string;
  /** A name, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
  /** Its share of new clients in relation to the others. */
  readonly weight: number;
  /** Clients it has may stay; it gets no new ones. */
  readonly draining: boolean;
}

export interface AffinityDuration {
  /** A client that was away for longer is assigned anew. */
  readonly idle: Millis;
  /** Assigned anew after this long, whatever it does. */
  readonly absolute: Millis;
  /** Whether the cookie ends with the browser, or is kept for `absolute`. */
  readonly cookie: "session" | "persistent";
}

export interface AffinityCookie {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly secure: boolean;
  readonly sameSite: "lax" | "strict" | "none";
}

export interface AffinityHealth {
  /** Answers 200 while the node takes new clients, 404 when it leaves, 503 when nobody may come any more. */
  readonly path: string;
  readonly interval: Millis;
  readonly timeout: Millis;
  /** This many failures in a row, and the node is out. */
  readonly fall: number;
  /** This many successes in a row, and it is back. */
  readonly rise: number;
}

/** What `defineAffinity` returns: checked, complete, and the same for every balancer. */
export interface Affinity {
  readonly name: string;
  readonly nodes: readonly AffinityNode[];
  readonly key: AffinityKey;
  /** The header that keeps clients without cookies together, where a balancer can do both. */
  readonly cookielessHeader: string | undefined;
  readonly duration: AffinityDuration;
  readonly cookie: AffinityCookie;
  readonly health: AffinityHealth;
  readonly drain: {
    /** How long a node that goes may take in all. */
    readonly grace: Millis;
    /** How long the balancer takes to notice what the health path answers. */
    readonly notice: Millis;
  };
}
