import type { Millis } from "@holdfast/session-protocol";
import { configError } from "../errors.ts";
import type { CookieAttributes, CookieChange } from "../session/state.ts";

export interface CookieOptions {
  /** Base of the two cookie names; `-a` and `-b` are appended, and the prefix put before. Default `sid`. */
  readonly name?: string;
  /** Default `__Host-`. Browsers enforce what it says: Secure, Path=/, no Domain. `__Host-Http-` adds HttpOnly. */
  readonly prefix?: "__Host-" | "__Host-Http-" | "__Secure-" | "none";
  /** Default `lax`. `none` also needs `allowCrossSite`. */
  readonly sameSite?: "lax" | "strict" | "none";
  /** Says that SameSite=None is meant; CSRF tokens are then needed on every write. */
  readonly allowCrossSite?: boolean;
  /** Share the cookie with subdomains: they can then read and set it. Needs prefix `__Secure-` or `none`. */
  readonly domain?: string;
  /** Default `/`. Another path needs prefix `__Secure-` or `none`. */
  readonly path?: string;
  /** Default true. `false` is for plain http in development only and needs prefix `none`. */
  readonly secure?: boolean;
}

/** The two cookies of a jar: a chain lives in the one of its parity. */
export interface CookieTransport {
  readonly names: readonly [string, string];
  nameOf(chain: number): string;
  /** A cookie for the browser session: no Max-Age, since expiry is the server's. */
  set(chain: number, value: string): CookieChange;
  clear(name: string): CookieChange;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const ATTRIBUTE_VALUE = /^[\x20-\x3a\x3c-\x7e]{1,1024}$/;
const EPOCH = new Date(0 satisfies Millis).toUTCString();

/** @throws HoldfastError `config` for a combination that browsers drop or that is unsafe */
export function createCookieTransport(options: CookieOptions = {}): CookieTransport {
  const { name = "sid", prefix = "__Host-", sameSite = "lax", domain, path = "/", secure = true } = options;
  if (!["__Host-", "__Host-Http-", "__Secure-", "none"].includes(prefix)) throw configError("cookie.prefix", 'must be "__Host-", "__Host-Http-", "__Secure-" or "none".');
  if (!["lax", "strict", "none"].includes(sameSite)) throw configError("cookie.sameSite", 'must be "lax", "strict" or "none".');
  if (!TOKEN.test(name)) throw configError("cookie.name", "must be a token: letters, digits and -_.!~ (RFC 9110 section 5.6.2).");
  // Browsers match prefixes without regard to case (RFC 6265bis section 5.4), so a base name may not bring one along.
  if (/^__(host|secure|http)-/i.test(name)) throw configError("cookie.name", "must not start with a cookie prefix; choose it with cookie.prefix.");
  if (prefix !== "none" && !secure) throw configError("cookie.secure", `must be true with prefix ${prefix}: browsers drop the cookie otherwise. For plain http in development use prefix "none".`);
  if (prefix.startsWith("__Host-")) {
    if (domain !== undefined) throw configError("cookie.domain", `cannot be used with prefix ${prefix}: browsers drop the cookie. Leave it out, or use prefix "__Secure-".`);
    if (path !== "/") throw configError("cookie.path", `must be "/" with prefix ${prefix}: browsers drop the cookie otherwise.`);
  }
  if (sameSite === "none" && !(options.allowCrossSite && secure)) throw configError("cookie.sameSite", '"none" needs secure: true and allowCrossSite: true, and CSRF tokens on every write.');
  for (const [option, value] of [["cookie.domain", domain], ["cookie.path", path]] as const) {
    if (value !== undefined && !ATTRIBUTE_VALUE.test(value)) throw configError(option, "must be printable ASCII without semicolons, at most 1024 characters.");
  }

  const base = prefix === "none" ? name : prefix + name;
  const names = [`${base}-a`, `${base}-b`] as const;
  const attributes: CookieAttributes = { path, ...(domain === undefined ? {} : { domain }), secure, httpOnly: true, sameSite };
  const tail = `; Path=${path}${domain === undefined ? "" : `; Domain=${domain}`}${secure ? "; Secure" : ""}; HttpOnly; SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`;
  const nameOf = (chain: number): string => names[(chain & 1) as 0 | 1];
  return {
    names,
    nameOf,
    set(chain, value) {
      const cookie = nameOf(chain);
      return { name: cookie, value, options: attributes, header: `${cookie}=${value}${tail}` };
    },
    clear(cookie) {
      return { name: cookie, value: "", options: { ...attributes, maxAge: 0 }, header: `${cookie}=${tail}; Max-Age=0; Expires=${EPOCH}` };
    },
  };
}

export type FoundCookie = { readonly name: string; readonly value: string };

/**
 * Our cookies in a Cookie header, one pass, in linear time. `duplicate` when a name occurs twice: the order of cookies proves nothing,
 * so neither is believed (cookie tossing, RFC 6265bis section 4.2.2).
 */
export function findCookies(header: string | null, names: readonly [string, string]): readonly FoundCookie[] | "duplicate" {
  if (!header) return [];
  const found: FoundCookie[] = [];
  let start = 0;
  while (start < header.length) {
    let end = header.indexOf(";", start);
    if (end < 0) end = header.length;
    while (header.charCodeAt(start) === 32 || header.charCodeAt(start) === 9) start++;
    for (const name of names) {
      if (!header.startsWith(name, start) || header.charCodeAt(start + name.length) !== 61) continue;
      if (found.some((cookie) => cookie.name === name)) return "duplicate";
      found.push({ name, value: header.slice(start + name.length + 1, end).trim() });
    }
    start = end + 1;
  }
  return found;
}
