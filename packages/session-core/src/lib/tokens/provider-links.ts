import type { Millis } from "@holdfast/session-protocol";
import { auxiliaryRow, writeAuxiliary } from "../auxiliary.ts";
import { type Clock, systemClock } from "../clock.ts";
import { configError } from "../errors.ts";
import type { SessionId, SessionStore } from "../port.ts";
import type { ActiveState } from "../session/state.ts";
import { withDeadline } from "../store-deadline.ts";
import { createKeyRing, type KeyRingFile } from "../token/key-ring.ts";

export interface ProviderLinksOptions {
  /** The store of the sessions. */
  readonly store: SessionStore;
  /** The key file of the sessions. */
  readonly keys: KeyRingFile;
  /** The realm of the sessions. Default `default`. */
  readonly realm?: string;
  /** How long one call of the store may take, in ms. Default 3000. */
  readonly storeTimeout?: Millis | "off";
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** Which sessions began with which session of an identity provider, and which of its logout tokens came before. */
export interface ProviderLinks {
  /** After the commit of a sign-in, and of a re-authentication, which lets the session live longer. `sid` is that of the ID token. @throws the store's fault, HoldfastError `conflict` */
  add(provider: { readonly iss: string; readonly sid: string }, session: Pick<ActiveState<unknown>, "id" | "absoluteAt">): Promise<void>;
  /** @throws the store's fault */
  find(provider: { readonly iss: string; readonly sid: string }): Promise<readonly SessionId[]>;
  /** @throws the store's fault */
  isUsed(iss: string, jti: string): Promise<boolean>;
  /** @throws the store's fault */
  use(iss: string, jti: string, until: Millis): Promise<void>;
}

/** A browser that signs in again leaves the one before behind; the last ones are kept. */
const MOST = 20;

/** @throws HoldfastError `config` for a store that may drop rows, and for a key file that is wrong */
export function createProviderLinks({ store, keys, realm = "default", storeTimeout = 3000, clock = systemClock }: ProviderLinksOptions): ProviderLinks {
  if (typeof store?.read !== "function") throw configError("store", "must be a session store.");
  if (store.capabilities.evicts) throw configError("store", "may drop rows to make room, and a sign-out of the provider would end nothing. Use another one.");
  const ring = createKeyRing(keys, realm);
  const timed = withDeadline(store, storeTimeout);
  const rowId = (kind: "sid" | "jti", iss: string, value: string): SessionId => ring.rowId(`provider/${kind}/${JSON.stringify([iss, value])}`);

  return {
    async add({ iss, sid }, { id, absoluteAt }) {
      await writeAuxiliary(timed, clock, rowId("sid", iss, sid), (body) => ({
        body: JSON.stringify([...idsIn(body).filter((known) => known !== id), id].slice(-MOST)),
        expiresAt: absoluteAt,
      }));
    },
    find: async ({ iss, sid }) => idsIn((await timed.read(rowId("sid", iss, sid), { authoritative: true }))?.body),
    isUsed: async (iss, jti) => (await timed.read(rowId("jti", iss, jti), { authoritative: true })) !== null,
    async use(iss, jti, until) {
      const now = clock.now();
      await timed.create(auxiliaryRow(rowId("jti", iss, jti), { body: "used", expiresAt: until }, now), undefined, { durable: true });
    },
  };
}

function idsIn(body: string | undefined): readonly SessionId[] {
  try {
    const ids: unknown = JSON.parse(body ?? "[]");
    return Array.isArray(ids) ? (ids as SessionId[]) : [];
  } catch {
    return [];
  }
}
