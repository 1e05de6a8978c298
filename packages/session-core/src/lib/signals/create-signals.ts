import { fromBase64url, toBase64url, utf8 } from "../bytes.ts";
import { configError } from "../errors.ts";
import { createMac, deriveKey } from "../hash.ts";
import type { SessionId } from "../port.ts";
import type { SessionSource } from "../sessions.ts";
import type { KeyRingFile } from "../token/key-ring.ts";
import { networkOf, parseRange } from "./address.ts";
import { clientAddress } from "./client-address.ts";
import type { Marks, ReadSignals, Sight, SignalChange } from "./sight.ts";
import { userAgentFamily } from "./user-agent.ts";

/**
 * What a change does. `observe`: an event, and its name in `state.signals`. `elevate`: also, the session does not count as fresh until the
 * person signs in again. `revoke`: the session ends.
 */
export type SignalAction = "observe" | "elevate" | "revoke";

export interface SignalsOptions {
  /** The key file of the sessions. */
  readonly keys: Pick<KeyRingFile, "subjectKey">;
  /** The realm of the sessions. Default `default`. */
  readonly realm?: string;
  /** When the network of the client changes. Default `observe`. Needs the `address` of each request. */
  readonly ip?: SignalAction | "off";
  /** When the browser family or the platform changes. Default `observe`. */
  readonly userAgent?: SignalAction | "off";
  /** Addresses and ranges (`10.0.0.0/8`) of your own proxies. Only behind them X-Forwarded-For and Forwarded are read. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Leading bits of an IPv4 address that make a network, 8 to 32. Default 24. */
  readonly ipv4Prefix?: number;
  /** The same of an IPv6 address, 16 to 128. Default 56: what a household is commonly given (RFC 6177). */
  readonly ipv6Prefix?: number;
}

const ACTIONS = ["observe", "elevate", "revoke"] as const;
const MARK_BYTES = 6;
const TOLD = 10_000;

/**
 * Signals that a session may have changed hands, for `createSessions({ signals })`. They are hints: people change networks, and a thief may share
 * one. The record keeps a keyed hash of 6 bytes each, made for that session alone.
 * @throws HoldfastError `config`
 */
export function createSignals(options: SignalsOptions): ReadSignals {
  const { keys, realm = "default", ip = "observe", userAgent = "observe", trustedProxies = [], ipv4Prefix = 24, ipv6Prefix = 56 } = options;
  const actions: Readonly<Record<string, SignalAction | "off">> = { ip, userAgent };
  for (const [name, action] of Object.entries(actions)) {
    if (action !== "off" && !ACTIONS.includes(action)) throw configError(name, 'must be "observe", "elevate", "revoke" or "off".');
  }
  prefix("ipv4Prefix", ipv4Prefix, 8, 32);
  prefix("ipv6Prefix", ipv6Prefix, 16, 128);
  const trusted = trustedProxies.map((text) => {
    const range = typeof text === "string" ? parseRange(text) : null;
    if (!range) throw configError("trustedProxies", `"${String(text)}" is neither an address nor a range like 10.0.0.0/8.`);
    if (range.prefix === 0) throw configError("trustedProxies", `"${text}" trusts everybody, so anybody could write their address. Name your own proxies.`);
    return range;
  });
  const subjectKey = typeof keys?.subjectKey === "string" ? fromBase64url(keys.subjectKey) : null;
  if (!subjectKey || subjectKey.length < 32) throw configError("keys.subjectKey", "must be the one of the sessions' key file.");
  const mac = createMac(deriveKey(subjectKey, `signals/${realm}`));
  const told = new Map<SessionId, string>();

  /** Whether it was not said before; remembers the last change of so many sessions. */
  const isNews = (id: SessionId, marks: Marks): boolean => {
    const shown = Object.values(marks).join();
    if (told.get(id) === shown) return false;
    told.delete(id);
    told.set(id, shown);
    for (const oldest of told.keys()) {
      if (told.size <= TOLD) break;
      told.delete(oldest);
    }
    return true;
  };

  return (source, address): Sight => {
    let seen: Readonly<Record<string, string>> | undefined;
    // The session's id goes into the hash: equal addresses of two sessions cannot be seen in the store.
    const marks = (id: SessionId): Marks =>
      Object.fromEntries(Object.entries((seen ??= look(source, address))).map(([name, value]) => [name, toBase64url(mac(utf8.encode(`${id}\0${name}\0${value}`)).subarray(0, MARK_BYTES))]));
    return {
      marks,
      compare(id, taken): SignalChange | undefined {
        const now = marks(id);
        const signals = Object.keys(now).filter((name) => taken[name] !== undefined && taken[name] !== now[name]);
        if (signals.length === 0) return undefined;
        const action = ACTIONS[Math.max(...signals.map((name) => ACTIONS.indexOf(actions[name] as SignalAction)))] ?? "observe";
        return { signals, action, news: isNews(id, now) };
      },
    };
  };

  /** What can be said of the sender, in clear; what cannot is left out and not compared. */
  function look(source: SessionSource, address: string | undefined): Record<string, string> {
    const headers = typeof source === "string" ? undefined : source instanceof Headers ? source : source.headers;
    const client = ip === "off" ? undefined : clientAddress(headers, address, trusted);
    return {
      ...(client ? { ip: String(networkOf(client, client.length === 4 ? ipv4Prefix : ipv6Prefix)) } : {}),
      // A client that no longer says what it is has changed, too.
      ...(userAgent === "off" || !headers ? {} : { userAgent: userAgentFamily(headers.get("user-agent") ?? "") }),
    };
  }
}

function prefix(option: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) throw configError(option, `must be a whole number from ${least} to ${most}.`);
}
