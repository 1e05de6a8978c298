import type { Millis } from "@holdfast/session-protocol";
import { callListener } from "./call-listener.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { CsrfTokens } from "./csrf-tokens.ts";
import { createKnownEpoch } from "./epoch/known-epoch.ts";
import { configError, noOthers, oneOf } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import { isEnder } from "./is-ender.ts";
import { isIndex } from "./is-index.ts";
import { isSweeper } from "./is-sweeper.ts";
import { createLine } from "./line.ts";
import { createManager } from "./manager.ts";
import { load } from "./request/load.ts";
import { write } from "./request/write.ts";
import type { SessionStore } from "./port.ts";
import { readBody } from "./record.ts";
import type { SealedSessions } from "./sealed/sealed-sessions.ts";
import { remember } from "./remember.ts";
import { createDataCodec, type DataOptions } from "./session/data.ts";
import { type PolicyOptions, resolvePolicy } from "./session/policy.ts";
import type { ActiveState, GuestState } from "./session/state.ts";
import type { Sessions } from "./sessions.ts";
import type { ReadSignals } from "./signals/sight.ts";
import { withDeadline } from "./store-deadline.ts";
import { createDecode } from "./token/credential.ts";
import { createKeyRing, generateKeys, type KeyRingFile } from "./token/key-ring.ts";
import { type CookieOptions, createCookieTransport } from "./transport/cookie.ts";
import { readSource } from "./transport/source.ts";

export interface SessionsOptions<Data> extends DataOptions<Data> {
  /** Where sessions live: a store, or the cookies themselves with `sealedSessions()` of `@holdfast/session-core/sealed`. */
  readonly store: SessionStore | SealedSessions;
  /**
   * How long one call of the store may take, in ms, before it counts as failed (code `unavailable`, event `store_failed`). Default 3000.
   * Has no effect on stores of this process.
   */
  readonly storeTimeout?: Millis | "off";
  /** The key file, the same on all servers. In development it may be left out: sessions then end with the process. */
  readonly keys?: KeyRingFile;
  /** A profile, or numbers laid over one. Default `default`. */
  readonly policy?: PolicyOptions;
  readonly cookie?: CookieOptions;
  /** Switches CSRF tokens on, which SameSite=None needs: `createCsrfTokens()` of `@holdfast/session-core/csrf`. The adapter checks them. */
  readonly csrf?: CsrfTokens;
  /** Separates applications that share keys: a credential of one realm is forged in another. Default `default`. */
  readonly realm?: string;
  /** Whether an update by a visitor begins a guest session. Default true. */
  readonly guests?: boolean;
  /** What an old credential of a chain does when it comes back too late to be a straggler. Default `revoke`: the session ends. */
  readonly onReuse?: "revoke" | "refuse";
  /** Signals that a session may have changed hands: `createSignals()` of `@holdfast/session-core/signals`. Default: none. */
  readonly signals?: ReadSignals;
  /** What of the data the browser may see in the SessionView. Default: nothing. */
  readonly project?: (state: ActiveState<Data> | GuestState<Data>) => unknown;
  readonly onEvent?: (event: SessionEvent) => void;
  /** Allows ephemeral keys. Default: true where NODE_ENV can be read and is not `production`. */
  readonly development?: boolean;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

const OPTIONS: readonly string[] = [
  "store", "storeTimeout", "keys", "policy", "cookie", "csrf", "realm", "guests", "onReuse", "signals", "project", "onEvent", "development", "clock",
  "schema", "initial", "version", "migrate", "maxDataBytes",
] satisfies (keyof SessionsOptions<unknown>)[];

/**
 * The sessions of one application: one call at start-up, shared by all requests.
 *
 * @throws HoldfastError `config` naming the option and the fix: keys missing in production, keys too short, cookie attributes that browsers
 * drop, an option that does not exist, an unlimited absolute timeout, a store without a power that the policy needs.
 */
export function createSessions<Data extends object = Record<string, unknown>>(options: SessionsOptions<Data>): Sessions<Data> {
  const { realm = "default", storeTimeout = 3000, guests = true, onReuse = "revoke", clock = systemClock } = options;
  noOthers("", options, OPTIONS);
  if (typeof options.store?.read !== "function" || typeof options.store.capabilities !== "object") throw configError("store", "must be a session store, for example createMemoryStore() of @holdfast/session-core/memory.");
  if (!/^[\w.:/-]{1,64}$/.test(realm)) throw configError("realm", "must be 1 to 64 letters, digits or any of _ . : / -");
  oneOf("onReuse", onReuse, ["revoke", "refuse"]);
  if (storeTimeout !== "off" && !(storeTimeout > 0 && storeTimeout < 2 ** 31)) throw configError("storeTimeout", 'must be a number of milliseconds, or "off".');
  const store = withDeadline(options.store, storeTimeout);
  const policy = resolvePolicy(options.policy);
  if (options.cookie?.sameSite === "none" && !options.csrf) throw configError("csrf", 'is needed with cookie.sameSite "none": give it createCsrfTokens() of @holdfast/session-core/csrf.');
  const index = store.capabilities.index && isIndex(store) ? store : undefined;
  if (policy.concurrent !== "off" && !index) throw configError("policy.concurrent", "needs a store that can list sessions, or must be \"off\".");

  const listeners = new Set<(event: SessionEvent) => void>(options.onEvent ? [options.onEvent] : []);
  const ring = createKeyRing(options.keys ?? ephemeralKeys(options.development, clock), realm);
  const emit: Engine<Data>["emit"] = (event, id) => {
    if (listeners.size === 0) return;
    const stamped = { at: clock.now(), ...event, ...(id && { handle: ring.handle(id) }) } as SessionEvent;
    for (const listener of listeners) callListener(listener, stamped);
  };
  const now = (): Millis => clock.now();
  const decode = createDecode(ring, now);
  const cookies = createCookieTransport({ name: realm === "default" ? "sid" : `sid-${realm.replace(/\W/g, "_")}`, ...options.cookie });
  const engine: Engine<Data> = {
    store,
    index,
    ender: isEnder(store) ? store : undefined,
    sweeper: isSweeper(store) ? store : undefined,
    ring,
    realm,
    incoming: (source, given) => readSource(source, given, decode, cookies),
    load,
    write,
    readBody: remember(readBody, { weigh: ({ length }) => 6 * length, worth: (body) => body?.kind === "live", now }),
    epoch: createKnownEpoch({ store, ring, clock, emit }),
    policy,
    cookies,
    csrf: options.csrf,
    data: createDataCodec(options),
    clock,
    guests,
    onReuse,
    signals: options.signals,
    project: options.project ?? (() => null),
    watched: new Map(),
    touches: new Map(),
    line: createLine(store.capabilities.inProcess ? "off" : storeTimeout),
    emit,
  };
  if (options.cookie?.domain !== undefined) console.warn("Holdfast: cookie.domain lets every subdomain read and replace the cookie. Leave it out unless that is meant.");
  if (!options.keys) emit({ type: "ephemeral_keys" });
  return ((options.store as Partial<SealedSessions>).sealed ?? createManager)(engine, listeners);
}

let warned = false;

function ephemeralKeys(development = isDevelopment(), clock: Clock): KeyRingFile {
  if (!development) throw configError("keys", "are needed in production: make them once with generateKeys() and give every server the same.");
  if (!warned) console.warn("Holdfast: no keys given, so sessions end when this process does. Make keys once with generateKeys().");
  warned = true;
  return generateKeys(clock.now());
}

/** Without a readable environment (Workers) nothing is assumed to be development. */
function isDevelopment(): boolean {
  const env = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  return env !== undefined && env["NODE_ENV"] !== "production";
}
