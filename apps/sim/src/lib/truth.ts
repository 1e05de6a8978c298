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
  readonly r: { readonly c: number; readonly n: number; readonly p: Millis };
  readonly e?: { readonly c: number };
  readonly d: { readonly cart: readonly string[] };
}

export const bodyOf = (row: Pick<StoredSession, "body">): Body => JSON.parse(row.body) as Body;

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
      const body = bodyOf(row);
      if (outcome === "created" && body.r !== undefined) {
        const kind = body.s === undefined ? "guest" : "active";
        this.sessions.set(row.id, { id: row.id, kind, chain: body.r.c, step: body.r.n, supersededAt: new Map(), promotedAt: new Map(), elevatedChains: new Set(), ended: undefined, cart: body.d.cart });
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
    const { r, e, d } = bodyOf(row);
    if (r.c !== session.chain || r.n !== session.step) {
      session.supersededAt.set(`${session.chain}.${session.step}`, at);
      if (r.c !== session.chain) session.promotedAt.clear();
      session.promotedAt.set(r.n, r.p);
      session.chain = r.c;
      session.step = r.n;
    }
    if (e) session.elevatedChains.add(e.c);
    session.cart = d.cart;
  }

  #end(id: string, at: Millis, reason: string): void {
    const session = this.sessions.get(id);
    if (session) session.ended ??= { at, reason };
  }
}
