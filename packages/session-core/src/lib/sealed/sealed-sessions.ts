import type { Millis } from "@holdfast/session-protocol";
import { platformAesGcm } from "../encrypted/aes-gcm.ts";
import type { Engine } from "../engine.ts";
import { createKnownEpoch } from "../epoch/known-epoch.ts";
import { configError, HoldfastError, noOthers, oneOf } from "../errors.ts";
import type { SessionEvent } from "../events.ts";
import { isSweeper } from "../is-sweeper.ts";
import { createManager } from "../manager.ts";
import { needed } from "../needed.ts";
import type { SessionStore } from "../port.ts";
import { REASONS } from "../record.ts";
import type { Sessions } from "../sessions.ts";
import { withDeadline } from "../store-deadline.ts";
import { isSessionId } from "../token/credential.ts";
import { createLoadSealed } from "./load-sealed.ts";
import { COOKIE_BYTES, MOST_PIECES } from "./pieces.ts";
import { createReadSealed } from "./read-sealed.ts";
import { createRevocations } from "./revocations.ts";
import { createSeal } from "./seal.ts";
import { createWriteSealed } from "./write-sealed.ts";

export interface SealedOptions {
  /**
   * Where it stands which sessions ended before their time. Without it a sign-out only deletes the cookie, and a copy of it lives until its
   * deadline; `revoke`, `revokeAll`, `revokeEverything`, `revokeOthers` and `elevate` with `lower` are `unsupported`.
   */
  readonly revocations?: {
    /** Must not evict. A row per session that was ended and per subject that was revoked; none for those that live. */
    readonly store: SessionStore;
    /** For how long, in ms, a server may go on with what the store said of a session: how long a revocation elsewhere goes unnoticed. Default 5000. */
    readonly within?: Millis;
  };
  /**
   * How many cookies of 3,900 bytes one session may take, 1 to 9. Default 2: more make a header that many servers refuse. What would need more is
   * `data_too_large`, and nothing is written.
   */
  readonly maxCookies?: number;
}

/** What `createSessions` takes in the place of a store. */
export interface SealedSessions extends SessionStore {
  /** Called by `createSessions`. */
  readonly sealed: <Data extends object>(engine: Engine<Data>, listeners: Set<(event: SessionEvent) => void>) => Sessions<Data>;
}

const STORE_TIMEOUT: Millis = 3000;
/** From here on servers in front answer 431 or 400 instead (8 KiB is nginx's and Apache's limit). */
const WIDE_HEADER = 8192;

const unsupported = async (): Promise<never> => {
  throw new HoldfastError("unsupported", "Sealed sessions live in the cookies of their browsers: nobody can read, list or change them from elsewhere. Use a store.");
};

/**
 * Sessions without a store: the whole session travels in its cookie, encrypted (JWE, `dir`, A256GCM). Give it to `createSessions` as `store`.
 * @throws HoldfastError `config` for a wrong option, `unsupported` for a store of revocations that may drop rows
 */
export function sealedSessions(options: SealedOptions = {}): SealedSessions {
  noOthers("", options, ["revocations", "maxCookies"]);
  const { revocations, maxCookies = 2 } = options;
  if (!Number.isInteger(maxCookies) || maxCookies < 1 || maxCookies > MOST_PIECES) throw configError("maxCookies", `must be a whole number from 1 to ${MOST_PIECES}.`);
  if (maxCookies * COOKIE_BYTES > WIDE_HEADER) console.warn(`Holdfast: sealed sessions of ${maxCookies} cookies make a Cookie header above ${WIDE_HEADER} bytes, which servers in front of this one may refuse.`);
  if (revocations) {
    const { store, within = 5000, ...others } = revocations;
    noOthers("revocations.", others, []);
    if (typeof store?.read !== "function") throw configError("revocations.store", "must be a session store.");
    if (!(within >= 0 && within <= 300_000)) throw configError("revocations.within", "must be a number of milliseconds, at most 300000.");
    if (store.capabilities.evicts) throw new HoldfastError("unsupported", "revocations.store: it may drop rows to make room, and what was revoked would live again. Use a store that does not evict.", { option: "revocations.store" });
  }

  return {
    // What a wrapped one does: it would be no sealed session any more.
    capabilities: { index: false, clock: "caller", durability: "volatile", evicts: true, inProcess: true },
    read: unsupported,
    create: unsupported,
    update: unsupported,
    touch: unsupported,
    end: unsupported,
    delete: unsupported,
    sealed: (engine, listeners) => manage(engine, listeners, revocations, maxCookies),
  };
}

function manage<Data extends object>(given: Engine<Data>, listeners: Set<(event: SessionEvent) => void>, options: SealedOptions["revocations"], maxCookies: number): Sessions<Data> {
  const { ring, clock, emit } = given;
  const now = (): Millis => clock.now();
  const store = options && withDeadline(options.store, STORE_TIMEOUT);
  const { within = 5000 } = options ?? {};
  const revocations = store && createRevocations(given, store, within);
  const seal = createSeal(ring, given.realm, platformAesGcm(), now, MOST_PIECES * COOKIE_BYTES);
  const engine: Engine<Data> = {
    ...given,
    // Revocations are remembered: an authoritative read then asks for them.
    store: { ...given.store, capabilities: { ...given.store.capabilities, cached: store !== undefined } },
    sweeper: store && isSweeper(store) ? store : undefined,
    epoch: store ? createKnownEpoch({ store, ring, clock, emit }, Math.min(within, 5000)) : given.epoch,
    incoming: createReadSealed(given, seal),
    load: createLoadSealed(revocations),
    write: createWriteSealed({ seal, revocations, maxCookies }),
  };
  const manager = createManager(engine, listeners);
  return {
    ...manager,
    endsAll: revocations !== undefined,
    get: unsupported,
    update: unsupported,
    updateAll: unsupported,
    issue: unsupported,
    list: unsupported,
    watch() {
      throw new HoldfastError("unsupported", "Nobody knows when a sealed session ends elsewhere. Ask for it again with each message, or use a store.");
    },
    async revoke(id, reason = "revoked") {
      oneOf("reason", reason, REASONS);
      const known = needed(revocations);
      if (!isSessionId(id)) return;
      await known.end(id, reason);
      emit({ type: "session_revoked", reason, count: 1 }, id);
    },
    async revokeAll(subject, { except } = {}) {
      const { at: notBefore } = await needed(revocations).endAll(ring.partition(subject), except);
      emit({ type: "session_revoked", reason: "revoked", count: 0 });
      return { notBefore, ended: 0 };
    },
  };
}
