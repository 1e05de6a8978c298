import { createMemoryStore } from "@holdfast/session-core/memory";
import type { CreateResult, IndexedStore, SessionId, StoredSession, StoreOptions } from "@holdfast/session-core/store";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { DatabaseSync } from "node:sqlite";
import type { Fault, Plan } from "./plan.ts";
import type { Timeline } from "./timeline.ts";
import { type Entry, liveBodyOf, replacedBy, Truth } from "./truth.ts";

type Millis = number;

/** A server process as the store sees it: a dead one gets no more answers. */
export interface Process {
  dead: boolean;
  crash(): void;
}

/** The fault that chance has for the next store call, and the request that meets it. */
export interface Faults {
  next(): Fault | undefined;
  /** Whose call this is: set again when the answer comes, so that the calls after it are counted to the same request. */
  hold(): () => void;
}

/**
 * A real store behind a network that delays, fails, loses answers and sends writes twice, with a second copy that takes over without the
 * writes it had not yet got. Every write that took effect is kept, so that the copy is the same store after the same writes.
 */
export class SimStore {
  readonly truth: { current: Truth } = { current: new Truth() };
  /** Items and sessions whose writes a failover dropped after they had been acknowledged. */
  readonly dropped = new Set<string>();
  lostDurable = false;
  readonly #timeline: Timeline;
  readonly #plan: Plan;
  readonly #faults: Faults;
  #log: Entry[] = [];
  #time: Millis | undefined;
  #real: IndexedStore;
  readonly #copies = new Map<SessionId, { readonly at: Millis; readonly row: StoredSession | null }[]>();

  constructor(timeline: Timeline, plan: Plan, faults: Faults) {
    this.#timeline = timeline;
    this.#plan = plan;
    this.#faults = faults;
    this.#real = this.#empty();
  }

  /** The port as one server process has it. */
  seenBy(process: Process): IndexedStore {
    const write = <T>(verb: Entry["verb"], args: readonly unknown[], options: StoreOptions | undefined, call: () => Promise<T>): Promise<T> =>
      this.#send(process, () => this.#write(verb, args, options?.durable ?? false, call), true);
    const { capabilities } = this.#real;
    return {
      capabilities: { ...capabilities, durability: this.#plan.mayLose ? "async" : "replicated", cached: this.#plan.copyAge > 0 },
      read: (id, options) => this.#send(process, () => (options?.authoritative === false && this.#plan.copyAge > 0 ? this.#copyOf(id) : this.#real.read(id)), false),
      create: (row, guard, options) => write("create", [row, guard], options, () => this.#real.create(row, guard)),
      update: (row, revision, options) => write("update", [row, revision], options, () => this.#real.update(row, revision)),
      touch: (id, seenAt, expiresAt, options) => write("touch", [id, seenAt, expiresAt], options, () => this.#real.touch(id, seenAt, expiresAt)),
      end: (id, tombstone, options) => write("end", [id, tombstone, { ifRevision: options?.ifRevision }], options, () => this.#real.end(id, tombstone, ifRevision(options?.ifRevision))),
      delete: (id, options) => write("delete", [id], options, () => this.#real.delete(id)),
      list: (partition, options) => this.#send(process, () => this.#real.list(partition, options), false),
      endAll: (partition, tombstone, options) => {
        const but = options?.except === undefined ? {} : { except: options.except };
        return write("endAll", [partition, tombstone, but], options, () => this.#real.endAll(partition, tombstone, but));
      },
      sweep: (now, limit) => this.#real.sweep(now, limit),
    };
  }

  /** The other copy takes over: it has all writes up to `lag` ago, and all up to the last durable one (unless the store said it may lose those). */
  async failOver(lag: Millis): Promise<void> {
    const since = this.#timeline.now - lag;
    const lastDurable = this.#plan.mayLose ? -1 : this.#log.findLastIndex(({ durable }) => durable);
    const kept = this.#log.findIndex(({ at }, index) => index > lastDurable && at > since);
    if (kept < 0) return;
    for (const entry of this.#log.slice(kept)) this.#drop(entry);
    this.#log = this.#log.slice(0, kept);
    this.truth.current = new Truth();
    const real = (this.#real = this.#empty());
    for (const entry of this.#log) {
      this.#time = entry.at;
      this.truth.current.apply(entry);
      await replay(real, entry);
    }
    this.#time = undefined;
    for (const id of this.#copies.keys()) this.#copies.get(id)?.push({ at: this.#timeline.now, row: await real.read(id) });
  }

  #empty(): IndexedStore {
    const clock = { now: () => Math.floor(this.#time ?? this.#timeline.now), wait: async () => undefined };
    return this.#plan.store === "sqlite" ? createSqliteStore(new DatabaseSync(":memory:"), { clock }) : createMemoryStore({ clock });
  }

  #drop(entry: Entry): void {
    if (entry.durable) this.lostDurable = true;
    if (entry.verb === "update" && entry.result === "updated") for (const item of liveBodyOf(entry.args[0] as StoredSession).d.cart) this.dropped.add(item);
  }

  async #write<T>(verb: Entry["verb"], args: readonly unknown[], durable: boolean, call: () => Promise<T>): Promise<T> {
    const at = this.#timeline.now;
    const result = await call();
    const entry: Entry = { at, verb, args, result, durable };
    this.#log.push(entry);
    this.truth.current.apply(entry);
    if (this.#plan.copyAge > 0) for (const id of changedBy(entry)) await this.#remember(id);
    return result;
  }

  async #remember(id: SessionId): Promise<void> {
    const copies = this.#copies.get(id) ?? [];
    copies.push({ at: this.#timeline.now, row: await this.#real.read(id) });
    this.#copies.set(id, copies);
  }

  async #copyOf(id: SessionId): Promise<StoredSession | null> {
    const then = this.#timeline.now - this.#plan.copyAge;
    return this.#copies.get(id)?.findLast(({ at }) => at <= then)?.row ?? null;
  }

  /** One call over the network, with the fault that chance has for it. */
  #send<T>(process: Process, effect: () => Promise<T>, writes: boolean): Promise<T> {
    const resume = this.#faults.hold();
    const fault = this.#faults.next();
    if (!fault) return effect();
    const { kind, latency, extra } = fault;
    return new Promise((resolve, reject) => {
      const later = (wait: Millis, work: () => void): void => this.#timeline.at(this.#timeline.now + wait, () => void (process.dead || work()));
      const answer = (work: () => void): void => later(latency, () => {
        resume();
        work();
      });
      later(latency, () => {
        if (kind === "crash-before") return process.crash();
        if (kind === "fails") return answer(() => reject(new Error("The store did not answer.")));
        if (writes && kind === "duplicate") this.#timeline.at(this.#timeline.now + extra, () => void effect());
        effect().then((result) => {
          if (kind === "crash-after") return process.crash();
          if (kind === "resent") return later(latency, () => void effect().then((second) => answer(() => resolve(second)), reject));
          if (kind === "loses-answer") return answer(() => reject(new Error("The answer was lost.")));
          answer(() => resolve(result));
        }, reject);
      });
    });
  }
}

const ifRevision = (revision: number | undefined): { ifRevision?: number } => (revision === undefined ? {} : { ifRevision: revision });

function changedBy({ verb, args, result }: Entry): readonly SessionId[] {
  if (verb === "endAll") return (result as { ended: readonly SessionId[] }).ended;
  if (verb === "create") return [(args[0] as StoredSession).id, ...(result as CreateResult).evicted, ...replacedBy(args)];
  return [verb === "update" ? (args[0] as StoredSession).id : (args[0] as SessionId)];
}

async function replay(store: IndexedStore, { verb, args }: Entry): Promise<void> {
  // The same arguments in the same order give the same store; their types are those of the port's verbs.
  await (store[verb] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
}
