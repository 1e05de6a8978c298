import { HoldfastError, type SessionId, type SessionStore, type StoreOptions, type SubjectIndex, type Tombstone } from "@holdfast/session-core/store";
import { heed, MARKS_KEPT, pageOf, partitionOf, placeOf } from "@holdfast/session-core/store-kit";
import { beat } from "./beat.ts";
import { commandsOf, type RedisClient } from "./client.ts";
import { refusedWith } from "./errors.ts";
import { type Guard, guarded } from "./guard.ts";
import { type Keys, namesWith } from "./keys.ts";
import { durableWrites, type RedisReplicas } from "./replicas.ts";
import { content, decodeRow, digits, encodeRow } from "./rows.ts";
import { type Script, scripts } from "./scripts.ts";

export interface RedisStoreOptions {
  /** Every key begins with it. Default `hf:`. Applications that share a server need different ones. */
  readonly prefix?: string;
  /**
   * The server may drop sessions to make room (any `maxmemory-policy` but `noeviction`), and that is accepted: somebody is signed out early.
   * What must not be dropped is then refused (registers, `revokeEverything`). Default `false`: such a server is refused. See {@link RedisStore.check}.
   */
  readonly evicts?: boolean;
  /** Replicas that must have a durable write before it is acknowledged. Without it a fail-over may lose what was written last, sign-outs included. */
  readonly replicas?: RedisReplicas;
}

export interface RedisStore extends SessionStore, SubjectIndex {
  /** What every key on the server begins with: `prefix`, after the one that the client may put before all keys. */
  readonly keyPrefix: string;
  /**
   * For `trackInvalidations`: writes and removes a key of this name where reads are made, and answers which master that is, since when. A key is no session.
   * Absent where commands take several connections (Cluster, `createClientPool`).
   */
  readonly beat?: (name: string, signal?: AbortSignal) => Promise<string>;
  /**
   * Asks the server, in a Cluster each master, whether it may drop sessions and whether it is a replica, where it tells (INFO is refused to some users), through
   * `client` and `replicas.client`. The first sign-in does so too, and whatever comes after a write that was refused with READONLY, of the connection that it
   * takes, and goes on without a master of a Cluster that does not answer; called at start-up a wrong server is found before anybody comes.
   * @throws HoldfastError `config`
   */
  check(): Promise<void>;
}

/**
 * Sessions in Redis 7 or Valkey: one server, Sentinel or Cluster. Reads are one GET; every other verb is one script, so atomic. The server's clock decides.
 * Faults of the client reject as they are; a server that is full rejects a `create` with `store_full`.
 * @throws HoldfastError `config` for a wrong option
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const { prefix = "hf:", evicts = false, replicas } = options;
  const commands = commandsOf(client, "client");
  const keysOf = namesWith(prefix);
  const reading = guarded(commands, "client", evicts);
  const durable = replicas && durableWrites(replicas);
  const writing = durable && guarded(durable.commands, "replicas.client", evicts);
  /** Who knows the servers that a write goes to. */
  const guardOf = (given: StoreOptions): Guard => (given.durable && writing) || reading;

  const written = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      // Whichever connection it was, the other one probably leads there, too.
      if (refusedWith(error, /^READONLY/)) for (const guard of [reading, writing]) guard?.doubt();
      throw error;
    }
  };
  const send = (verb: string, key: string, args: string[], given: StoreOptions): Promise<unknown> =>
    heed(given.signal, written(given.durable && durable ? durable.write(verb, key, args, given.signal) : commands.send(key, args, given.signal)));

  const run = async (verb: keyof typeof scripts, keys: string[], args: string[], given: StoreOptions): Promise<unknown> => {
    const { text, name }: Script = scripts[verb];
    const rest = [String(keys.length), ...keys, ...args];
    const [key = ""] = keys;
    const sha = await name();
    const asked = guardOf(given).isMaster();
    if (asked) await heed(given.signal, asked);
    given.signal?.throwIfAborted();
    try {
      return await send(verb, key, ["EVALSHA", sha, ...rest], given);
    } catch (error) {
      // Scripts are lost with a restart, a fail-over or SCRIPT FLUSH, and each node of a cluster meets them for itself.
      if (!refusedWith(error, /^NOSCRIPT/)) throw error;
      return send(verb, key, ["EVAL", text, ...rest], given);
    }
  };

  return {
    capabilities: { index: true, clock: "engine", durability: durable ? "replicated" : "async", evicts },
    async check() {
      await Promise.all([reading.check(), writing?.check()]);
    },
    ...(commands.oneConnection && { beat: (name: string, signal?: AbortSignal) => written(beat(commands, prefix + name, signal)) }),
    keyPrefix: `${(client as { readonly options?: { readonly keyPrefix?: string } }).options?.keyPrefix ?? ""}${prefix}`,

    async read(id, { signal } = {}) {
      signal?.throwIfAborted();
      const keys = keysOf(id);
      const asked = reading.isMaster();
      if (asked) await heed(signal, asked);
      return keys ? decodeRow(id, await heed(signal, commands.send(keys.row, ["GET", keys.row], signal))) : null;
    },

    async create(row, guard, given = {}) {
      given.signal?.throwIfAborted();
      const { row: key, index, mark, nonce } = nameOf(keysOf(row.id));
      const asked = guardOf(given).admits();
      if (asked) await heed(given.signal, asked);
      try {
        if (!guard) {
          const reply = await send("create", key, ["SET", key, encodeRow("g", row), "NX", "PXAT", moment(row.expiresAt)], given);
          return { outcome: reply === "OK" ? "created" : "exists", evicted: [] };
        }
        const { began, limit, replaces } = guard;
        const rest = [String(row.createdAt), String(began), limit ? String(limit.max) : "", limit?.whenFull ?? "", ...stone(limit?.tombstone)];
        const [outcome, ...evicted] = (await run(
          "create",
          [key, index, mark],
          [encodeRow("m", row), digits(row.expiresAt), nonce, ...rest, nonceOf(replaces?.id), ...stone(replaces?.tombstone)],
          given,
        )) as ["created" | "exists" | "revoked" | "full", ...string[]];
        return { outcome, evicted: evicted.map((other) => `${partitionOf(row.id)}${other}` as SessionId) };
      } catch (error) {
        // Without the client's error: the command hangs on it, and that holds the row.
        throw refusedWith(error, /^OOM/) ? new HoldfastError("store_full", "The Redis server has no memory left.") : error;
      }
    },

    async update(row, expectedRevision, given = {}) {
      given.signal?.throwIfAborted();
      const keys = keysOf(row.id);
      if (!keys) return "missing";
      // No number of a row, so no row has it.
      const expected = expectedRevision < 0 ? "none" : digits(expectedRevision);
      const args = [expected, digits(row.revision), digits(row.seenAt), digits(row.expiresAt), content(row)];
      return (await run("update", [keys.row, keys.index], args, given)) as "updated" | "missing" | "conflict";
    },

    async touch(id, seenAt, expiresAt, given = {}) {
      given.signal?.throwIfAborted();
      const keys = keysOf(id);
      return keys ? ((await run("touch", [keys.row, keys.index], [digits(seenAt), digits(expiresAt)], given)) as "touched" | "missing") : "missing";
    },

    async end(id, tombstone, { ifRevision, ...given } = {}) {
      given.signal?.throwIfAborted();
      const keys = keysOf(id);
      if (!keys) return "missing";
      const expected = ifRevision === undefined ? "" : digits(ifRevision);
      return (await run("end", [keys.row, keys.index], [keys.nonce, ...stone(tombstone), expected], given)) as "ended" | "missing" | "conflict";
    },

    async delete(id, given = {}) {
      given.signal?.throwIfAborted();
      const keys = keysOf(id);
      // The index finds out by itself.
      if (keys) await send("delete", keys.row, ["DEL", keys.row], given);
    },

    async list(partition, { limit = 100, cursor, ...given } = {}) {
      given.signal?.throwIfAborted();
      const keys = keysOf(partition);
      const after = placeOf(cursor);
      if (!keys) return { rows: [] };
      // One row more than the page tells whether there is a next one.
      const found = (await run("list", [keys.row, keys.index], [String(limit + 1), String(after.createdAt), nonceOf(after.id)], given)) as string[];
      const rows = [];
      for (let i = 0; i < found.length; i += 2) {
        const row = decodeRow(`${partition}${found[i] ?? ""}` as SessionId, found[i + 1]);
        if (row) rows.push(row);
      }
      return pageOf(rows, limit);
    },

    async endAll(partition, tombstone, { except, ...given } = {}) {
      given.signal?.throwIfAborted();
      const { row, index, mark } = nameOf(keysOf(partition));
      const args = [...stone(tombstone), nonceOf(except), String(MARKS_KEPT)];
      const [notBefore, ended] = (await run("endAll", [row, index, mark], args, given)) as [string, string[]];
      return { notBefore: Number(notBefore), ended: ended.map((nonce) => `${partition}${nonce}` as SessionId) };
    },
  };
}

/** Deadline and content of a tombstone as the scripts take it. */
const stone = (tombstone?: Tombstone): [string, string] => (tombstone ? [digits(tombstone.expiresAt), content(tombstone)] : ["", ""]);

/** The second half of an id: scripts have the first from the names of the keys. */
const nonceOf = (id = ""): string => id.slice(12);

/** Milliseconds for the engine, which refuses 0. */
const moment = (at: number): string => String(Math.max(1, Math.trunc(at)));

function nameOf(keys: Keys | undefined): Keys {
  if (keys) return keys;
  throw new HoldfastError("invalid_data", "An id has 24 characters, none of them a brace or a space.");
}
