import type { CreateGuard, SessionId, StoredSession } from "@holdfast/session-core/store";

type Millis = number;

/** A write that took effect, with what the store answered. */
export interface Entry {
  readonly at: Millis;
  readonly verb: "create" | "update" | "touch" | "end" | "endAll" | "delete";
  readonly args: readonly unknown[];
  readonly result: unknown;
  readonly durable: boolean;
}

/** What is so, as the store's writes tell it, whatever servers and browsers believe. */
export interface TrueSession {
  readonly id: SessionId;
  readonly kind: "guest" | "active";
  chain: number;
  step: number;
  /** When each `chain.step` was replaced by a later one. */
  readonly supersededAt: Map<string, Millis>;
  /** When each step of the chain was first used, as the server that wrote it says. */
  readonly promotedAt: Map<number, Millis>;
  /** Chains that an elevation began: only their credentials may have its rights. */
  readonly elevatedChains: Set<number>;
  ended: { readonly at: Millis; readonly reason: string } | undefined;
  cart: readonly string[];
}

interface Body {
  readonly ended?: string;
  readonly s?: string;
  readonly r: { readonly chain: number; readonly step: number; readonly promotedAt: Millis };
  readonly e?: { readonly chain: number };
  readonly d: { readonly cart: readonly string[] };
}

type Chain = readonly [chain: number, step: number, chainKey: string, hash: string, nextHash: string, promoted: Millis];
type Stored = Omit<Body, "r" | "e"> & { readonly st: Millis; readonly r?: Chain; readonly e?: { readonly r: Chain } };

/** Read here for itself: what the core makes of it is what is to be judged. */
export function bodyOf({ body }: Pick<StoredSession, "body">): Partial<Body> {
  const { st, r, e, ...rest } = JSON.parse(body) as Stored;
  return { ...rest, ...(r && { r: { chain: r[0], step: r[1], promotedAt: st + r[5] } }), ...(e && { e: { chain: e.r[0] } }) };
}

/** The same of a row that lives. */
export function liveBodyOf(row: Pick<StoredSession, "body">): Body {
  const { r, d, ...rest } = bodyOf(row);
  if (!r || !d) throw new Error("a row that lives has a chain and data");
  return { ...rest, r, d };
}

/** The row whose place a created one takes. */
export const replacedBy = ([, guard]: readonly unknown[]): readonly SessionId[] => {
  const { replaces } = (guard ?? {}) as Partial<CreateGuard>;
  return replaces ? [replaces.id] : [];
};

export class Truth {
  readonly sessions = new Map<string, TrueSession>();

  get(id: string): TrueSession | undefined {
    return this.sessions.get(id);
  }

  apply({ at, verb, args, result }: Entry): void {
    if (verb === "create") {
      const { outcome, evicted } = result as { outcome: string; evicted: readonly string[] };
      const row = args[0] as StoredSession;
      const { s, r, d } = bodyOf(row);
      if (outcome === "created" && r && d) {
        const kind = s === undefined ? "guest" : "active";
        this.sessions.set(row.id, { id: row.id, kind, chain: r.chain, step: r.step, supersededAt: new Map(), promotedAt: new Map(), elevatedChains: new Set(), ended: undefined, cart: d.cart });
      }
      for (const id of evicted) this.#end(id, at, "revoked");
      if (outcome === "created") for (const id of replacedBy(args)) this.#end(id, at, "replaced");
    }
    if (verb === "update" && result === "updated") this.#update(args[0] as StoredSession, at);
    if (verb === "end" && result === "ended") this.#end(args[0] as string, at, bodyOf(args[1] as StoredSession).ended ?? "unknown");
    if (verb === "endAll") for (const id of (result as { ended: readonly string[] }).ended) this.#end(id, at, "revoked");
  }

  #update(row: StoredSession, at: Millis): void {
    const session = this.sessions.get(row.id);
    if (!session) return;
    const { r, e, d } = liveBodyOf(row);
    if (r.chain !== session.chain || r.step !== session.step) {
      session.supersededAt.set(`${session.chain}.${session.step}`, at);
      if (r.chain !== session.chain) session.promotedAt.clear();
      session.promotedAt.set(r.step, r.promotedAt);
      session.chain = r.chain;
      session.step = r.step;
    }
    if (e) session.elevatedChains.add(e.chain);
    session.cart = d.cart;
  }

  #end(id: string, at: Millis, reason: string): void {
    const session = this.sessions.get(id);
    if (session) session.ended ??= { at, reason };
  }
}
