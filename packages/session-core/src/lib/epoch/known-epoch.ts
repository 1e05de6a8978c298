import type { Millis } from "@holdfast/session-protocol";
import { writeAuxiliary } from "../auxiliary.ts";
import type { Clock } from "../clock.ts";
import { HoldfastError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { SessionStore } from "../port.ts";
import type { Policy } from "../session/policy.ts";
import { callStore } from "../store-call.ts";
import type { KeyRing } from "../token/key-ring.ts";
import { type Epoch, FIRST, nextEpoch, readEpoch } from "./epoch.ts";

/** The epoch as this process knows it. */
export interface KnownEpoch {
  readonly current: Epoch;
  /** `undefined` while what is known is young enough; else a read under way, to be awaited beside the session's own. */
  refresh(): Promise<void> | undefined;
  /** Begins a new epoch. @throws HoldfastError `unavailable`, `conflict`, `unsupported` */
  advance(policy: Policy): Promise<Epoch>;
}

interface EpochContext {
  readonly store: SessionStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** @param fresh how long a server may go on with what it knows: the bound of `revokeEverything` on the other servers */
export function createKnownEpoch({ store, ring, clock, emit }: EpochContext, fresh = 5000): KnownEpoch {
  const id = ring.rowId("epoch");
  const { evicts } = store.capabilities;
  let current = FIRST;
  let readAt = Number.NEGATIVE_INFINITY;
  // An answer that was asked for before another one came may be older than that one: it is dropped.
  let turns = 0;
  let heard = 0;
  let askedAt = Number.NEGATIVE_INFINITY;

  const hear = (epoch: Epoch, turn: number, at: Millis): void => {
    if (turn < heard) return;
    heard = turn;
    readAt = at;
    current = epoch;
  };
  const ask = async (at: Millis): Promise<void> => {
    const turn = ++turns;
    const row = await callStore({ emit }, "read", () => store.read(id, { authoritative: true }));
    hear(readEpoch(row?.body), turn, at);
  };
  // A clock that was set back makes nothing young.
  const within = (span: Millis, at: Millis, now: Millis): boolean => now - at < span && now >= at;

  return {
    get current() {
      return current;
    },
    refresh() {
      if (evicts) return undefined;
      const now = clock.now();
      // One request asks again a little earlier, so that a busy server never has a crowd that must ask.
      if (within(fresh * 0.8, readAt, now)) return undefined;
      const known = within(fresh, readAt, now);
      if (known && within(fresh * 0.2, askedAt, now)) return undefined;
      askedAt = now;
      // Each request asks for itself: on Workers a promise of another request may never settle.
      const answer = ask(now);
      const spared = answer.catch(() => undefined);
      return known ? spared : answer;
    },
    async advance(policy) {
      if (evicts) throw new HoldfastError("unsupported", "This store may drop the row that remembers it. Another realm refuses every credential of the old one.");
      const epoch = await callStore({ emit }, "update", () => writeAuxiliary(store, clock, id, (body) => nextEpoch(readEpoch(body), clock.now(), policy)));
      hear(epoch, ++turns, clock.now());
      return epoch;
    },
  };
}
