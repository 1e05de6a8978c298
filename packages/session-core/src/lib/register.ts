import type { Millis } from "@holdfast/session-protocol";
import { auxiliaryRow, isMine, writeAuxiliary } from "./auxiliary.ts";
import { type Clock, systemClock } from "./clock.ts";
import { configError, HoldfastError } from "./errors.ts";
import type { SessionId, SessionStore } from "./port.ts";
import { faultName } from "./store-call.ts";
import { withDeadline } from "./store-deadline.ts";
import { isSessionId } from "./token/credential.ts";
import { createKeyRing, type KeyRingFile } from "./token/key-ring.ts";

export interface RegisterOptions {
  /** The store of the sessions, or another one. It must not evict rows. */
  readonly store: SessionStore;
  /** The key file of the sessions: row ids are keyed hashes, so the store tells nobody which token was denied. */
  readonly keys: KeyRingFile;
  /** As in `createSessions`. Default `default`. */
  readonly realm?: string;
  /** How long one call of the store may take, in ms. Default 3000. */
  readonly storeTimeout?: Millis | "off";
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** Small facts about tokens beside the sessions. Every verb throws `HoldfastError` `unavailable` when the store does not answer: refuse then. */
export interface Register {
  /**
   * True exactly once for a key, also among parallel callers on all servers: against the replay of a `jti`.
   * @param ttl in ms; at least as long as the token is accepted, since the key can be used again afterwards.
   */
  once(key: string, ttl: Millis): Promise<boolean>;
  /** Denies a token until it would have expired anyway; a later call can only lengthen it. @param key issuer and jti of the token, for example. */
  deny(key: string, until: Millis): Promise<void>;
  isDenied(key: string): Promise<boolean>;
  /**
   * Remembers that a name of somebody else (the `sid` of an identity provider) means this session too. At most 32 sessions per name, the
   * newest stay. @param ttl in ms, the longest life of the session; for all links of the name, the longest counts.
   */
  link(name: string, session: SessionId, ttl: Millis): Promise<void>;
  /** The sessions of a name, the newest link first. They may have ended meanwhile. */
  linked(name: string): Promise<readonly SessionId[]>;
  unlink(name: string): Promise<void>;
}

const MAX_LINKS = 32;

/**
 * Replay marks, a denylist and aliases as rows of a session store.
 * @throws HoldfastError `unsupported` for a store that may drop rows: what it forgets would be allowed again; `config` for wrong keys or what is no store
 */
export function createRegister(options: RegisterOptions): Register {
  const { keys, realm = "default", storeTimeout = 3000, clock = systemClock } = options;
  if (typeof options.store?.read !== "function") throw configError("store", "must be a session store.");
  if (options.store.capabilities.evicts) throw new HoldfastError("unsupported", "store: it may drop rows to make room, and what was denied or used would be allowed again. Use a store that does not evict.", { option: "store" });
  const store = withDeadline(options.store, storeTimeout);
  const ring = createKeyRing(keys, realm);
  const idOf = (kind: string, key: string): SessionId => ring.rowId(`${kind}\0${key}`);
  const until = (ttl: Millis): Millis => {
    if (!(ttl > 0 && Number.isFinite(ttl))) throw new HoldfastError("invalid_data", "A ttl must be a number of milliseconds above 0.");
    return clock.now() + ttl;
  };

  return {
    once: (key, ttl) =>
      guarded("once", async () => {
        const row = auxiliaryRow(idOf("once", key), { body: "{}", expiresAt: until(ttl) }, clock.now());
        try {
          const { outcome } = await store.create(row, undefined, { durable: true });
          // A driver that sent it twice meets its own first write.
          return outcome === "created" || (await isMine(store, row));
        } catch (cause) {
          const found = await store.read(row.id, { authoritative: true });
          // Absent: it was not written, or not yet. Whoever tries again must not be told that it was the first.
          if (!found) throw cause;
          return found.writeId === row.writeId;
        }
      }),
    deny: (key, end) =>
      guarded("deny", async () => {
        if (!Number.isFinite(end)) throw new HoldfastError("invalid_data", "A token is denied until a time, in milliseconds.");
        if (end <= clock.now()) return;
        const row = auxiliaryRow(idOf("deny", key), { body: "{}", expiresAt: end }, clock.now());
        // The row before may expire between the two calls.
        for (let attempt = 0; attempt < 3; attempt++) {
          const { outcome } = await store.create(row, undefined, { durable: true });
          if (outcome === "created" || (await store.touch(row.id, end, end, { durable: true })) === "touched") return;
        }
        throw new HoldfastError("unavailable", "The store neither made nor found the row of a denied token.");
      }),
    isDenied: (key) => guarded("isDenied", async () => (await store.read(idOf("deny", key), { authoritative: true })) !== null),
    link: (name, session, ttl) =>
      guarded("link", async () => {
        if (!isSessionId(session)) throw new HoldfastError("invalid_data", "link() needs the id of a session.");
        const expiresAt = until(ttl);
        await writeAuxiliary(store, clock, idOf("link", name), (body) => ({
          body: JSON.stringify([session, ...readLinks(body).filter((id) => id !== session)].slice(0, MAX_LINKS)),
          expiresAt,
        }));
      }),
    linked: (name) => guarded("linked", async () => readLinks((await store.read(idOf("link", name), { authoritative: true }))?.body)),
    unlink: (name) => guarded("unlink", () => store.delete(idOf("link", name), { durable: true })),
  };
}

async function guarded<T>(verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof HoldfastError ? cause : new HoldfastError("unavailable", `The store failed at ${verb}: ${faultName(cause)}`);
  }
}

/** What is no list of ids reads as none. */
function readLinks(body: string | undefined): SessionId[] {
  try {
    const ids: unknown = JSON.parse(body ?? "[]");
    return Array.isArray(ids) ? ids.filter(isSessionId) : [];
  } catch {
    return [];
  }
}
