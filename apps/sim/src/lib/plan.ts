import { Random } from "./random.ts";

type Millis = number;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
/** Of the policy under test. */
export const OVERLAP = MINUTE;
export const RENEW = 2 * MINUTE;
/** What the core allows for clocks that differ. */
export const SKEW = 5 * SECOND;

export type Operation = "read" | "update" | "refresh" | "elevate" | "start" | "end" | "touch";

/**
 * What happens to one store call of a request. `resent`: the first answer is lost, the driver sends the call again and gives the second answer.
 * `duplicate`: the network delivers it once more, `extra` ms later, and nobody hears the answer.
 */
export interface Fault {
  readonly kind: "none" | "fails" | "loses-answer" | "resent" | "duplicate" | "crash-before" | "crash-after";
  readonly latency: Millis;
  readonly extra: Millis;
}

export interface Exchange {
  readonly kind: "request";
  readonly name: string;
  readonly at: Millis;
  readonly by: "victim" | "thief";
  readonly operation: Operation;
  readonly server: 0 | 1;
  readonly up: Millis;
  readonly handler: Millis;
  readonly down: Millis;
  readonly lost: boolean;
  readonly navigation: boolean;
  readonly faults: readonly Fault[];
}

export type Act =
  | Exchange
  /** A server comes to know, promotes or retires a key, and starts again with it. */
  | { readonly kind: "keys"; readonly at: Millis; readonly server: 0 | 1; readonly phase: number }
  /** The store's other copy takes over and lacks the last writes that were not durable. */
  | { readonly kind: "failover"; readonly at: Millis; readonly lag: Millis }
  | { readonly kind: "revoke"; readonly at: Millis }
  /** The thief takes a copy of the jar; the browser's profile is saved or put back. */
  | { readonly kind: "steal" | "save" | "restore"; readonly at: Millis };

/** Who or what is abroad, beside the victim. */
export type Cast = "nobody" | "stale-thief" | "thief-out-of-step" | "lockstep-thief" | "restored-profile";

export interface Plan {
  readonly seed: number;
  readonly cast: Cast;
  /** The longest an exchange may take in all, but for a handler that takes its time. */
  readonly longest: Millis;
  /** Of each server's clock. */
  readonly skews: readonly [Millis, Millis];
  readonly store: "memory" | "sqlite";
  /** Reads that need not be authoritative come from a copy this old. 0: there is no copy. */
  readonly copyAge: Millis;
  /** The store said that it may lose acknowledged writes (`async`), and at a failover it loses durable ones too. */
  readonly mayLose: boolean;
  readonly acts: readonly Act[];
}

export interface PlanOptions {
  readonly store?: Plan["store"];
  readonly cast?: Cast;
}

const CASTS: Readonly<Record<Cast, number>> = { nobody: 85, "stale-thief": 5, "thief-out-of-step": 4, "lockstep-thief": 3, "restored-profile": 3 };
const OPERATIONS: Readonly<Record<Operation, number>> = { read: 40, update: 26, refresh: 14, elevate: 8, start: 3, end: 1, touch: 8 };
const FAULTS: Readonly<Record<Fault["kind"], number>> = { none: 74, fails: 6, "loses-answer": 6, resent: 4, duplicate: 6, "crash-before": 2, "crash-after": 2 };

/** What a late exchange may take at most and sign nobody out: the overlap, and what the clocks of two servers leave of the allowance for skew. */
export const patience = (skews: Plan["skews"]): Millis => OVERLAP + SKEW - Math.abs(skews[0] - skews[1]);

/** Everything chance decides in a schedule, so that a shrunk schedule keeps the rest as it was. */
export function plan(seed: number, options: PlanOptions = {}): Plan {
  const random = new Random(seed);
  const drawn = random.pick(CASTS);
  const cast = options.cast ?? drawn;
  const skewed = random.chance(0.5);
  const faulty = random.chance(0.4);
  const skews = [skewed ? random.between(-SKEW / 2, SKEW / 2) : 0, skewed ? random.between(-SKEW / 2, SKEW / 2) : 0] as const;
  // Three in ten schedules have exchanges that take up to three times the overlap; half of the others as long as nobody may be signed out for it.
  const longest = random.chance(0.3) ? 3 * OVERLAP : random.chance(0.5) ? patience(skews) * 0.999 : 4 * SECOND;
  const copyAge = random.chance(0.2) ? random.between(100, 4 * SECOND) : 0;
  const mayLose = faulty && random.chance(0.1);
  const acts: Act[] = [];
  const span = new Spans(random, longest, faulty);

  let time = 0;
  let count = random.whole(8, 50);
  if (random.chance(0.3)) acts.push(span.request("guest", 0, "update"));
  acts.push(span.request("first", 100, "start", { lost: false, faults: [] }));
  time = span.settled();
  for (let burst = 0; count > 0; burst++) {
    time += random.chance(0.5) ? random.upTo(5 * SECOND) : random.upTo(4 * MINUTE);
    const size = Math.min(count, random.chance(0.3) ? random.whole(2, 5) : 1);
    const doubled = random.chance(0.15) ? random.pick(OPERATIONS) : undefined;
    for (let i = 0; i < size; i++) acts.push(span.request(`${burst}.${i}`, time + (i > 0 ? random.upTo(300) : 0), doubled ?? random.pick(OPERATIONS)));
    count -= size;
  }
  if (random.chance(0.5)) addKeys(acts, random, time);
  if (faulty && random.chance(0.5)) for (let i = random.whole(1, 2); i > 0; i--) acts.push({ kind: "failover", at: random.upTo(time), lag: random.upTo(3 * SECOND) });
  if (random.chance(0.04)) acts.push({ kind: "revoke", at: random.upTo(time) });
  addCast(acts, cast, random, span, time);
  return { seed, cast, longest, skews, store: options.store ?? "memory", copyAge, mayLose, acts: acts.sort((a, b) => a.at - b.at) };
}

/** Requests whose parts share out one span of time. */
class Spans {
  readonly #random: Random;
  readonly #longest: Millis;
  readonly #faulty: boolean;
  #latest = 0;

  constructor(random: Random, longest: Millis, faulty: boolean) {
    this.#random = random;
    this.#longest = longest;
    this.#faulty = faulty;
  }

  /** When everything planned so far is answered. */
  settled(): Millis {
    return this.#latest;
  }

  request(name: string, at: Millis, operation: Operation, fixed: Partial<Exchange> = {}): Exchange {
    const random = this.#random;
    // Most exchanges are quick; the slow ones are slow in one of their three parts, or in all.
    const total = random.chance(0.7) ? random.upTo(Math.min(2 * SECOND, this.#longest)) : random.chance(0.2) ? this.#longest : random.upTo(this.#longest);
    const shares = [random.next(), random.next(), random.next()].map((share) => (random.chance(0.3) ? share : share ** 4));
    const sum = shares.reduce((a, b) => a + b, 1e-9);
    const [up = 0, quick = 0, down = 0] = shares.map((share) => (share / sum) * total * (this.#faulty ? 0.93 : 1));
    // An upload, a report: the one part that is the application's own affair. Nobody signs in for minutes.
    const slow = random.chance(0.04) && !["start", "elevate", "end"].includes(operation);
    const handler = slow ? random.upTo(15 * MINUTE) : quick;
    const faults = Array.from({ length: this.#faulty ? 6 : 0 }, (): Fault => ({ kind: random.pick(FAULTS), latency: random.upTo(Math.min(50, total * 0.005)), extra: random.upTo(5 * MINUTE) }));
    this.#latest = Math.max(this.#latest, at + this.#longest + SECOND);
    return { kind: "request", name, at, by: "victim", operation, server: random.chance(0.5) ? 0 : 1, up, handler, down, lost: random.chance(0.12), navigation: random.chance(0.25), faults, ...fixed };
  }
}

/** The roll-out of a key: both servers know it, then both sign with it, minutes apart. */
function addKeys(acts: Act[], random: Random, end: Millis): void {
  const known = random.upTo(end / 2);
  const promoted = known + random.between(6 * MINUTE, 10 * MINUTE);
  for (const server of [0, 1] as const) {
    acts.push({ kind: "keys", at: known + random.upTo(5 * MINUTE), server, phase: 1 }, { kind: "keys", at: promoted + random.upTo(5 * MINUTE), server, phase: 2 });
  }
}

function addCast(acts: Act[], cast: Cast, random: Random, span: Spans, end: Millis): void {
  const theft = random.upTo(end * 0.6);
  const use = (name: string, at: Millis): Act => span.request(name, at, random.chance(0.5) ? "read" : "update", { by: "thief", lost: false, faults: [] });
  if (cast === "stale-thief") acts.push({ kind: "steal", at: theft }, use("thief", theft + random.upTo(end)));
  if (cast === "thief-out-of-step") {
    acts.push({ kind: "steal", at: theft });
    for (let i = 0, at = theft; i < 8; i++) acts.push(use(`thief.${i}`, (at += random.between(SECOND, 5 * MINUTE))));
  }
  if (cast === "lockstep-thief") {
    for (let i = 0, at = theft; i < 8; i++) {
      at += random.between(SECOND, 5 * MINUTE);
      acts.push({ kind: "steal", at: at - 1 }, use(`thief.${i}`, at));
    }
  }
  if (cast === "restored-profile") acts.push({ kind: "save", at: theft }, { kind: "restore", at: random.between(theft, end) });
}
