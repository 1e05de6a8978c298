import { isEnder } from "../is-ender.ts";
import { isIndex } from "../is-index.ts";
import { isSweeper } from "../is-sweeper.ts";
import type { CreateGuard, SessionId, SessionStore, StoredSession, SubjectIndex, Sweeper, Tombstone } from "../port.ts";
import type { Wrapped } from "../wrapped.ts";
import { createKeyRing, type KeyRingFile } from "../token/key-ring.ts";
import { platformAesGcm } from "./aes-gcm.ts";
import { type BodyCipher, createBodyCipher } from "./body-cipher.ts";

export interface EncryptOptions {
  /** The key file of the sessions. New rows take the active key; a retired key must stay as long as rows of it live. */
  readonly keys: KeyRingFile;
  /** As in `createSessions`. Default `default`. */
  readonly realm?: string;
  /**
   * Reads rows that are not encrypted, for the time of a roll-out. While it is on, whoever can write to the store can make sessions.
   * Default false: such a row is no session.
   */
  readonly acceptPlain?: boolean;
}

/** The store with the powers of the one inside. */
export type EncryptedStore<S extends SessionStore> = Wrapped<S>;

/**
 * Encrypts the bodies of a store, so that a dump of it tells who has how many sessions since when, and nothing that is in them. The row's id,
 * times, revision and writeId stay readable: the store needs them. A body that was changed, or moved to another row, reads as no session.
 * A row of a key that is not in the ring rejects with `unavailable` and is never taken for a missing one.
 * @throws HoldfastError `config` for wrong keys
 */
export function encryptStore<S extends SessionStore>(store: S, { keys, realm = "default", acceptPlain = false }: EncryptOptions): EncryptedStore<S> {
  const cipher = createBodyCipher(createKeyRing(keys, realm), realm, platformAesGcm(), acceptPlain);
  const sealed = async <B extends { readonly body: string }>(id: SessionId, row: B): Promise<B> => ({ ...row, body: await cipher.encrypt(id, row.body) });
  const signed = (tombstone: Tombstone): Tombstone => ({ ...tombstone, body: cipher.sign(tombstone.body) });
  const guarded = async ({ began, limit, replaces }: CreateGuard): Promise<CreateGuard> => ({
    began,
    ...(limit && { limit: { ...limit, tombstone: signed(limit.tombstone) } }),
    ...(replaces && { replaces: { ...replaces, tombstone: await sealed(replaces.id, replaces.tombstone) } }),
  });
  const encrypted: SessionStore & Partial<SubjectIndex & Sweeper> = {
    capabilities: store.capabilities,
    async read(id, options) {
      const row = await store.read(id, options);
      return row && opened(cipher, row);
    },
    create: async (row, guard, options) => store.create(await sealed(row.id, row), guard && (await guarded(guard)), options),
    update: async (row, expectedRevision, options) => store.update(await sealed(row.id, row), expectedRevision, options),
    touch: (id, seenAt, expiresAt, options) => store.touch(id, seenAt, expiresAt, options),
    end: async (id, tombstone, options) => store.end(id, await sealed(id, tombstone), options),
    delete: (id, options) => store.delete(id, options),
  };
  if (isIndex(store)) {
    encrypted.list = async (partition, options) => {
      const page = await store.list(partition, options);
      const rows = await Promise.all(page.rows.map((row) => opened(cipher, row)));
      return { ...page, rows: rows.filter((row) => row !== null) };
    };
  }
  if (isEnder(store)) encrypted.endAll = (partition, tombstone, options) => store.endAll(partition, signed(tombstone), options);
  if (isSweeper(store)) encrypted.sweep = (now, limit, options) => store.sweep(now, limit, options);
  return encrypted as EncryptedStore<S>;
}

async function opened(cipher: BodyCipher, row: StoredSession): Promise<StoredSession | null> {
  const body = await cipher.read(row.id, row.body);
  return body === null ? null : { ...row, body };
}
