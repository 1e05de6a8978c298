import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { createEmit } from "../emitter.ts";
import { configError, noOthers } from "../errors.ts";
import { faultName } from "../store-call.ts";
import { withinTime } from "../store-deadline.ts";
import type { TokenEvent } from "./events.ts";
import { safeUrl } from "./issuer-url.ts";
import { type KeySource, readKeySet, type VerifyKey, type VerifyKeys } from "./key-set.ts";
import { readObject } from "./parse-token.ts";
import { KEY_SET_AGE } from "./signing-keys.ts";

export interface RemoteKeysOptions {
  /** How long fetched keys count without a look at the source, in ms. Default 10 min. A key that was taken back verifies for as long. In the last fifth of it they are fetched anew beside a token. */
  readonly maxAge?: Millis;
  /** How long they go on counting while the source cannot be read, in ms from the last time it could. Default 1 h. After its first failure nobody waits for it whose key is known. */
  readonly maxStale?: Millis;
  /** The least time between two fetches, whatever tokens name or the source fails, in ms. Default 30 s. */
  readonly cooldown?: Millis;
  /** How long a fetch may take, in ms. Default 3000. */
  readonly timeout?: Millis;
  /** Largest answer that is read, in bytes. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly onEvent?: (event: TokenEvent) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

const OPTIONS: readonly string[] = ["maxAge", "maxStale", "cooldown", "timeout", "maxBytes", "fetch", "onEvent", "clock"] satisfies (keyof RemoteKeysOptions)[];

/**
 * The keys that an issuer publishes at a URL. They are fetched when the first token comes, again when they are old, and early for a key that is not
 * among them, but no more often than `cooldown`. Those who ask meanwhile share one fetch; on Workers, where they cannot, each has its own.
 *
 * @throws HoldfastError `config` for a URL that is not https (http only for localhost), or options that contradict each other
 */
export function remoteKeys(url: string, options: RemoteKeysOptions = {}): KeySource {
  noOthers("", options, OPTIONS);
  const { maxAge = KEY_SET_AGE, maxStale = 3_600_000, cooldown = 30_000, timeout = 3000, maxBytes = 65_536, fetch = globalThis.fetch, clock = systemClock } = options;
  const safe = safeUrl(url);
  if (!safe) throw configError("url", "must be an https URL (http only for localhost): whoever can change the answer can sign tokens.");
  if (!(maxAge >= 1000 && maxAge <= 86_400_000)) throw configError("maxAge", "must be a number of milliseconds from 1000 to a day.");
  if (!(maxStale >= maxAge && maxStale <= 86_400_000)) throw configError("maxStale", "must be a number of milliseconds from maxAge to a day.");
  if (!(cooldown >= 1000 && cooldown <= maxAge)) throw configError("cooldown", "must be a number of milliseconds from 1000 to maxAge.");
  if (!(timeout >= 1 && timeout <= 60_000)) throw configError("timeout", "must be a number of milliseconds from 1 to 60000.");
  if (!(maxBytes >= 1024 && maxBytes <= 1 << 20)) throw configError("maxBytes", "must be a number of bytes from 1024 to 1048576.");
  const emit = createEmit(options.onEvent, clock);

  let keys: VerifyKeys = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let settled = true;
  let flight: Promise<void> | undefined;
  // There the promise of another request may never settle.
  const alone = globalThis.navigator?.userAgent === "Cloudflare-Workers";

  /** A clock that was set back makes nothing young. */
  const within = (span: Millis, at: Millis): boolean => clock.now() >= at && clock.now() - at < span;

  const fetchKeys = (): Promise<VerifyKeys> =>
    withinTime(timeout, "the fetch", undefined, async (signal) => {
      // Elsewhere is not whom we trust.
      const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/jwk-set+json, application/json" } });
      if (response.status !== 200) throw new KeysFault(`it answers with status ${response.status}.`);
      const read = readKeySet(readObject(await readBytes(response, maxBytes)));
      if (typeof read === "string") throw new KeysFault(read);
      return read;
    });

  async function refresh(): Promise<void> {
    const began = clock.now();
    if (!isUnderWay()) askedAt = began;
    settled = false;
    try {
      const fetched = await fetchKeys();
      // A key that did not change stays the same object: what was verified with it is still known.
      keys = new Map([...fetched].map(([kid, key]) => [kid, unchanged(keys.get(kid), key)]));
      readAt = began;
      failed = false;
    } catch (error) {
      failed = true;
      emit({ type: "token_keys_failed", why: error instanceof KeysFault ? error.message : faultName(error), stale: within(maxStale, readAt) });
    }
    settled = true;
  }

  /** Of a request that was dropped the end is never heard, but no fetch takes longer than this. */
  const isUnderWay = (): boolean => flight !== undefined || (!settled && within(timeout, askedAt));

  const refreshed = (): Promise<void> => (alone ? refresh() : (flight ??= refresh().finally(() => void (flight = undefined))));

  const known = (span: Millis, kid: string): VerifyKey | undefined => (within(span, readAt) ? keys.get(kid) : undefined);
  const isDue = (): boolean => !within(cooldown, askedAt);

  return {
    peek(kid) {
      const key = known(maxAge, kid);
      // In the last fifth of the time beside a token, so that a busy service never waits. On Workers what an answer leaves behind does not go on.
      if (key && !alone && !within(maxAge * 0.8, readAt) && isDue()) void refreshed();
      return key;
    },
    async find(kid) {
      if (!known(maxAge, kid)) {
        // A source that failed last time may hang, and holds nobody up whose key is known; on Workers only the one whose turn it is.
        const spared = failed && known(maxStale, kid);
        if (isDue() || (!spared && isUnderWay())) {
          const asked = refreshed();
          if (!spared || alone) await asked;
        }
      }
      const key = known(maxStale, kid);
      // Whether a key is the issuer's cannot be said while the issuer cannot be asked.
      return key ?? (failed ? "unavailable" : "unknown");
    },
  };
}

/** A fault whose text may be told. */
class KeysFault extends Error {}

const unchanged = (before: VerifyKey | undefined, now: VerifyKey): VerifyKey => (before && before.alg === now.alg && before.material === now.material ? before : now);

async function readBytes(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  // Counted as it comes: a length that was announced need not be true.
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    size += part.length;
    if (size > most) throw new KeysFault(`it is longer than ${most} bytes.`);
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
