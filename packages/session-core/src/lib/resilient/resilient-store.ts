import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { configError, HoldfastError, noOthers } from "../errors.ts";
import type { SessionStore, StoreOptions } from "../port.ts";
import { faultName } from "../store-call.ts";
import { VERBS, withinTime } from "../store-deadline.ts";
import type { Wrapped } from "../wrapped.ts";
import { createBreaker, type StoreHealth } from "./breaker.ts";
import { createRetryBudget } from "./retry-budget.ts";

export interface ResilienceOptions {
  /** How long one attempt may take, in ms, or `"off"`. Default 1000: two fit into the 3000 of `storeTimeout`, which bounds the call as a whole. */
  readonly attemptTimeout?: Millis | "off";
  /** Which part of the calls may be repeated once, 0 to 1: only those that do no harm twice (`read`, `list`, `touch`, `delete`). Default 0.1. */
  readonly retries?: number;
  /** Faults in a row after which the engine is left alone. Default 5. */
  readonly failures?: number;
  /** For how long, in ms, before one call tries again; doubled after each try that fails, up to 30 s. Default 1000. */
  readonly pause?: Millis;
  /** Calls under way at once; more are refused at once instead of waiting for a connection. Default 1000. */
  readonly maxInFlight?: number;
  /** Told of every change. Must not throw. */
  readonly onHealth?: (event: HealthEvent) => void;
  readonly clock?: Clock;
}

/** `fault`: name and code of the last error, never its text, which may quote a row. */
export type HealthEvent =
  | { readonly type: "store_down"; readonly fault: string; readonly failures: number }
  | { readonly type: "store_up"; readonly downFor: Millis }
  | { readonly type: "store_busy"; readonly inFlight: number };

export interface Resilience {
  readonly health: StoreHealth;
  readonly inFlight: number;
  /** Since the start: calls that were repeated, and calls that were refused because the engine is left alone or busy. */
  readonly retried: number;
  readonly refused: number;
}

/** The store with the powers of the one inside. */
export type ResilientStore<S extends SessionStore> = Wrapped<S> & { readonly resilience: Resilience };

type Verb = (...args: unknown[]) => Promise<unknown>;
type Work = (signal?: AbortSignal) => Promise<unknown>;

/** What may be done twice. `update`, `create` and `end` are not: after a lost answer nobody knows whether they took effect, and core finds out by their writeId. */
const REPEATABLE: ReadonlySet<string> = new Set(["read", "list", "touch", "delete"]);
/** Also how long a call is waited for that never comes back, as on Workers when a client goes away. */
const LONGEST_PAUSE: Millis = 30_000;
/** Before a second attempt, at the most. */
const BACK_OFF: Millis = 50;

/**
 * Puts a deadline on each attempt, repeats what may be repeated, and leaves an engine alone that is down: then every call is refused with `unavailable` at
 * once instead of waiting, until one that tries comes back. No answer is ever made up: a store that is not asked signs nobody out.
 * @throws HoldfastError `config` for a wrong option
 */
export function resilientStore<S extends SessionStore>(store: S, options: ResilienceOptions = {}): ResilientStore<S> {
  noOthers("", options, ["attemptTimeout", "retries", "failures", "pause", "maxInFlight", "onHealth", "clock"]);
  const { attemptTimeout = 1000, retries = 0.1, failures = 5, pause = 1000, maxInFlight = 1000, onHealth, clock = systemClock } = options;
  if (attemptTimeout !== "off" && !(attemptTimeout >= 1)) throw configError("attemptTimeout", 'must be at least 1 ms, or "off".');
  if (!(retries >= 0 && retries <= 1)) throw configError("retries", "must be 0 to 1, a part of the calls.");
  if (!(failures >= 1)) throw configError("failures", "must be at least 1.");
  if (!(pause >= 1 && pause <= LONGEST_PAUSE)) throw configError("pause", "must be 1 ms to 30 s.");
  if (!(maxInFlight >= 1)) throw configError("maxInFlight", "must be at least 1.");

  const breaker = createBreaker({ failures, pause, longestPause: LONGEST_PAUSE });
  const budget = createRetryBudget(retries);
  /** The calls under way, the oldest first. */
  const calls = new Set<{ readonly began: Millis }>();
  let retried = 0;
  let refused = 0;
  let busy = false;
  const refuse = (why: string): HoldfastError => {
    refused += 1;
    return new HoldfastError("unavailable", `The session store ${why}.`);
  };

  const attempt = async (name: string, work: Work, given: AbortSignal | undefined): Promise<unknown> => {
    given?.throwIfAborted();
    const admitted = breaker.admit(clock.now());
    if (admitted === "refuse") throw refuse("is not asked for the moment: it failed several times in a row");
    const probe = admitted === "probe";
    try {
      const result = await (attemptTimeout === "off" ? work(given) : withinTime(attemptTimeout, name, given, work));
      const since = breaker.openSince ?? 0;
      if (breaker.succeeded(probe)) onHealth?.({ type: "store_up", downFor: clock.now() - since });
      return result;
    } catch (error) {
      if (given?.aborted && given.reason?.name !== "TimeoutError") breaker.abandoned(probe);
      else if (!isFault(error)) breaker.succeeded(probe);
      else if (breaker.failed(clock.now(), probe, Math.random()) && !probe) onHealth?.({ type: "store_down", fault: faultName(error), failures: breaker.failures });
      throw error;
    }
  };

  const call = async (name: string, work: Work, signal: AbortSignal | undefined): Promise<unknown> => {
    const mine = { began: clock.now() };
    if (calls.size >= maxInFlight) {
      for (const lost of calls) {
        if (mine.began - lost.began < LONGEST_PAUSE) break;
        calls.delete(lost);
      }
      if (calls.size >= maxInFlight) {
        if (!busy) onHealth?.({ type: "store_busy", inFlight: calls.size });
        busy = true;
        throw refuse(`has ${calls.size} calls under way already`);
      }
    }
    budget.earn();
    calls.add(mine);
    try {
      return await attempt(name, work, signal).catch(async (error: unknown) => {
        if (!REPEATABLE.has(name) || signal?.aborted || !isFault(error) || breaker.health !== "closed" || !budget.spend()) throw error;
        await clock.wait(BACK_OFF * Math.random());
        retried += 1;
        return attempt(name, work, signal);
      });
    } finally {
      calls.delete(mine);
      if (calls.size < maxInFlight / 2) busy = false;
    }
  };

  const resilience: Resilience = {
    get health() {
      return breaker.health;
    },
    get inFlight() {
      return calls.size;
    },
    get retried() {
      return retried;
    },
    get refused() {
      return refused;
    },
  };
  const result: Record<string, unknown> = { capabilities: store.capabilities, resilience };
  for (const [name, at] of Object.entries(VERBS)) {
    const verb = (store as unknown as Record<string, Verb | undefined>)[name];
    if (!verb) continue;
    result[name] = (...args: unknown[]) => {
      const given = args[at] as StoreOptions | undefined;
      const work: Work = async (signal) => {
        if (signal) args[at] = { ...given, signal };
        return verb.apply(store, args);
      };
      return call(name, work, given?.signal);
    };
  }
  return result as unknown as ResilientStore<S>;
}

/** The engine's, not the caller's: what core itself refuses says that the engine works. */
const isFault = (error: unknown): boolean => !(error instanceof HoldfastError) || error.code === "unavailable";
