import type { Engine } from "../engine.ts";
import { remember } from "../remember.ts";
import type { OpenOptions, SessionSource } from "../sessions.ts";
import { isLaterChain } from "../token/credential.ts";
import type { RingKey, Transport } from "../token/key-ring.ts";
import { type Incoming, isActivity, type Presented } from "../transport/source.ts";
import { readPayload, type SealedSession } from "./payload.ts";
import { findPieces, fromPieces, piecesIn, textsOf } from "./pieces.ts";
import type { Seal, Unsealed } from "./seal.ts";

/** A sealed session that was opened, and the cookie it came in. */
export interface SealedPresented extends Presented {
  readonly session: SealedSession;
}

interface Remembered {
  readonly cookie: string;
  readonly key: RingKey;
  readonly session: SealedSession;
}

/** A header longer than this is none of a browser's; servers stop far below. */
const LONGEST_HEADER = 65_536;
const NO_SECRET = new Uint8Array(0);

/** What a request says about its session. Filled at once where opening is synchronous, else with the load. */
export class SealedIncoming implements Incoming {
  transport: Transport | undefined;
  readonly presented: SealedPresented[] = [];
  readonly cookieNames: readonly string[];
  readonly cookieHeader: string | null;
  indeterminate: Incoming["indeterminate"];
  rejected: Incoming["rejected"];
  readonly activity: () => boolean;
  readonly navigation: () => boolean;
  /** What is still to be opened. */
  pending: (() => Promise<void>) | undefined;
  /** Where cookies came twice: opens all of them, for a sign-out. None is believed for anything else. */
  openAll: (() => Promise<void>) | undefined;

  constructor(headers: Headers | undefined, options: OpenOptions, cookieNames: readonly string[]) {
    this.cookieHeader = headers?.get("cookie") ?? null;
    this.cookieNames = cookieNames;
    this.activity = () => options.activity ?? (headers ? isActivity(headers) : true);
    this.navigation = () => headers?.get("sec-fetch-mode") === "navigate";
  }
}

/** The way of sealed sessions into the engine: cookies only, a bearer header is the application's own business. */
export function createReadSealed<Data>({ ring, cookies, clock, emit }: Pick<Engine<Data>, "ring" | "cookies" | "clock" | "emit">, seal: Seal): (source: SessionSource, options: OpenOptions) => SealedIncoming {
  let made: Remembered | undefined;
  // Without a new one it only looks. A few thousand sessions, for ten minutes at the most.
  const known = remember<Remembered | undefined>(() => made, { weigh: ({ length }) => 6 * length, worth: (one) => one !== undefined, now: () => clock.now() });
  const keep = (text: string, one: Remembered): void => {
    made = one;
    known(text);
    made = undefined;
  };

  const take = (incoming: SealedIncoming, { cookie, key, session }: Remembered): void => {
    const { id, record } = session;
    incoming.presented.push({ credential: { id, chain: record.chain.chain, step: 0, secret: NO_SECRET, hash: "" }, key, cookieName: cookie, session });
  };
  const settle = (incoming: SealedIncoming, text: string, cookie: string, unsealed: Unsealed): void => {
    if (unsealed.kind === "indeterminate") incoming.indeterminate = { keyId: unsealed.keyId, chain: 0 };
    else if (unsealed.kind !== "open") incoming.rejected = unsealed.kind;
    else {
      const session = readPayload(unsealed.text);
      const { key } = unsealed;
      // Of a later release: what it says is for servers that know it.
      if (session === "newer") incoming.indeterminate = { keyId: key.id, chain: 0 };
      else if (!session) incoming.rejected = "malformed";
      else {
        const one = { cookie, key, session };
        keep(text, one);
        take(incoming, one);
      }
    }
  };
  const sort = ({ presented }: SealedIncoming): void => void presented.sort((a, b) => (isLaterChain(a.credential.chain, b.credential.chain) ? -1 : 1));

  return (source, options) => {
    const headers = typeof source === "string" ? undefined : source instanceof Headers ? source : source.headers;
    const header = headers?.get("cookie") ?? null;
    const found = header !== null && header.length > LONGEST_HEADER ? new Map<string, string>() : findPieces(header, cookies.names);
    if (found === "duplicate") {
      const pieces = [...piecesIn(header, cookies.names)];
      const incoming = new SealedIncoming(headers, options, [...new Map(pieces).keys()]);
      incoming.rejected = "duplicate_cookie";
      incoming.openAll = async () => {
        for (const [cookie, text] of textsOf(pieces, cookies.names)) settle(incoming, text, cookie, await seal.unseal(text, cookie));
      };
      return incoming;
    }
    const incoming = new SealedIncoming(headers, options, [...found.keys()]);
    const later: (() => Promise<void>)[] = [];
    for (const cookie of found.keys()) {
      if (!cookies.names.includes(cookie)) continue;
      const text = fromPieces(cookie, found);
      if (text === undefined) {
        incoming.rejected = "malformed";
        continue;
      }
      const hit = known(text);
      const key = hit && ring.find(hit.key.id);
      // Looked up again: what is remembered knows nothing of a ring that has changed.
      if (key && hit.cookie === cookie) take(incoming, { ...hit, key });
      else if (seal.synchronous) settle(incoming, text, cookie, seal.unseal(text, cookie) as Unsealed);
      else later.push(async () => settle(incoming, text, cookie, await seal.unseal(text, cookie)));
    }
    sort(incoming);
    if (later.length > 0) {
      incoming.pending = async () => {
        incoming.pending = undefined;
        for (const open of later) await open();
        sort(incoming);
        if (incoming.rejected) emit({ type: "credential_rejected", why: incoming.rejected });
        if (incoming.indeterminate) emit({ type: "credential_indeterminate", keyId: incoming.indeterminate.keyId });
      };
    }
    if (later.length > 0 || incoming.presented.length > 0) incoming.transport = "cookie";
    return incoming;
  };
}
