import { type Kill, wasCut } from "./cut.ts";
import { type Reply, Visitor } from "./visitor.ts";

export interface CrowdOptions {
  readonly visitors: number;
  /** Milliseconds that each waits between two requests. Default 0. */
  readonly pause?: number;
  /** After so many requests a visitor goes and another one comes. Default: they stay. */
  readonly stay?: number;
  /** Whether a visitor's next request goes to the node that answered the last one. Default true. */
  readonly sticky?: boolean;
}

/** What became of them. What is lost was acknowledged before. */
export interface Crowd {
  readonly requests: number;
  /** Requests that got no good answer and were under way on a node when it was killed (cut.ts). */
  readonly cut: number;
  /** Others that got none, in words. */
  readonly errors: readonly string[];
  /** Sessions that were there, and then not. */
  readonly sessionsLost: readonly string[];
  /** Things put into a crate, which a later write did not find there, or the last look at it. */
  readonly writesLost: readonly string[];
  /** Writes that were acknowledged. */
  readonly acknowledged: number;
  /** Reads that did not show what was acknowledged before, and how long before at most, in ms: from a copy in a node's memory. */
  readonly behind: number;
  readonly furthestBehind: number;
  /** Answers by node, and those that came from another node than the visitor's last one. */
  readonly byNode: ReadonlyMap<string, number>;
  readonly moved: number;
  /** This node is killed by `kill`: resolve when it is dead. */
  during(node: string, kill: () => Promise<void>): Promise<void>;
  /** Ends the traffic and looks at every crate once more. */
  settle(): Promise<void>;
}

const CRATE = 40;
/** A read from a copy may be that old. The last look waits for longer. */
const LEASE = 1000;

interface Guest {
  readonly visitor: Visitor;
  readonly name: string;
  /** Whether it was told to be signed in, or to have a guest's session. */
  id: string | undefined;
  readonly has: Set<string>;
  acknowledgedAt: number;
}

/** People at the portal who fill their crates and look at them, and remember what they were told. */
export function startCrowd(url: string, { visitors, pause = 0, stay = Number.POSITIVE_INFINITY, sticky = true }: CrowdOptions): Crowd {
  const counts = { requests: 0, cut: 0, acknowledged: 0, behind: 0, furthestBehind: 0, moved: 0 };
  const errors: string[] = [];
  const sessionsLost: string[] = [];
  const writesLost: string[] = [];
  const byNode = new Map<string, number>();
  const guests: Guest[] = [];
  const kills: (Kill & { to: number })[] = [];
  let over = false;
  let serial = 0;

  /** The answer, where it is a good one. */
  const ask = async (guest: Guest, last: { node?: string | undefined }, method: string, path: string, body?: unknown): Promise<Reply | undefined> => {
    const reply = await guest.visitor.ask(method, path, body);
    counts.requests += 1;
    if (reply.status === 200) {
      if (reply.node !== undefined) byNode.set(reply.node, (byNode.get(reply.node) ?? 0) + 1);
      if (last.node !== undefined && reply.node !== last.node) counts.moved += 1;
      last.node = reply.node;
      return reply;
    }
    if (reply.status === 401) sessionsLost.push(`${guest.name}: ${method} ${path} was answered 401`);
    else if (wasCut(reply, sticky ? last.node : undefined, kills)) counts.cut += 1;
    else errors.push(`${method} ${path} (sent to ${reply.sentTo ?? "unknown"}, before on ${last.node ?? "none"}): ${reply.status ?? "no answer"} ${JSON.stringify(reply.body).slice(0, 200)}`);
    return undefined;
  };
  const missing = (guest: Guest, reply: Reply): string[] => {
    const { items } = reply.body as { readonly items: readonly string[] };
    return [...guest.has].filter((item) => !items.includes(item));
  };

  const look = async (guest: Guest, last: object): Promise<void> => {
    const since = guest.acknowledgedAt;
    const reply = await ask(guest, last, "GET", "/api/cart");
    if (!reply || missing(guest, reply).length === 0) return;
    counts.behind += 1;
    counts.furthestBehind = Math.max(counts.furthestBehind, reply.began - since);
  };
  const put = async (guest: Guest, last: object): Promise<void> => {
    const item = `${guest.name}-${(serial += 1)}`;
    const reply = await ask(guest, last, "POST", "/api/cart", { item });
    if (!reply) return;
    // A write has read the row that it follows: what is not in it is gone.
    for (const gone of missing(guest, reply)) {
      writesLost.push(gone);
      guest.has.delete(gone);
    }
    guest.has.add(item);
    guest.acknowledgedAt = performance.now();
    counts.acknowledged += 1;
  };
  const who = async (guest: Guest, last: object): Promise<void> => {
    const reply = await ask(guest, last, "GET", "/session");
    const id = (reply?.body as { readonly id?: string } | undefined)?.id;
    if (!reply || id === guest.id) return;
    if (guest.id !== undefined && id === undefined) sessionsLost.push(`${guest.name}: no session any more`);
    guest.id = id;
  };

  const visit = async (number: number): Promise<void> => {
    const guest: Guest = { visitor: new Visitor(url), name: `v${number}-${(serial += 1)}`, id: undefined, has: new Set(), acknowledgedAt: 0 };
    const last = {};
    guests.push(guest);
    // One in four signs in; a password is work for the processor, so not more of them.
    if (number % 4 === 0) await ask(guest, last, "POST", "/api/sign-in", { username: number % 8 === 0 ? "ada" : "grace", password: "correct-horse" });
    for (let turn = 0; turn < stay && !over; turn += 1) {
      if (turn % 6 === 0 && guest.has.size < CRATE) await put(guest, last);
      else if (turn % 6 === 3) await who(guest, last);
      else await look(guest, last);
      if (pause > 0 && !over) await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
    // Who stays is looked at in the end; who goes, now.
    if (!over) await leave(guest);
  };
  const leave = async (guest: Guest): Promise<void> => {
    guests.splice(guests.indexOf(guest), 1);
    await lookAgain(guest);
  };
  const lookAgain = async (guest: Guest): Promise<void> => {
    if (guest.has.size === 0) return;
    const left = guest.acknowledgedAt + 2 * LEASE - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    const reply = await ask(guest, {}, "GET", "/api/cart");
    if (reply) writesLost.push(...missing(guest, reply));
  };
  const all = Promise.all(
    Array.from({ length: visitors }, async (_, number) => {
      while (!over) await visit(number);
    }),
  );

  return {
    get requests() {
      return counts.requests;
    },
    get cut() {
      return counts.cut;
    },
    get acknowledged() {
      return counts.acknowledged;
    },
    get behind() {
      return counts.behind;
    },
    get furthestBehind() {
      return counts.furthestBehind;
    },
    get moved() {
      return counts.moved;
    },
    errors,
    sessionsLost,
    writesLost,
    byNode,
    async during(node, kill) {
      const span = { node, from: performance.now(), to: Number.POSITIVE_INFINITY };
      kills.push(span);
      await kill();
      span.to = performance.now();
    },
    async settle() {
      over = true;
      await all;
      await Promise.all(guests.map(lookAgain));
    },
  };
}
