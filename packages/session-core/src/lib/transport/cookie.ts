import { configError, type HoldfastError, noOthers, oneOf } from "../errors.ts";
import type { CookieAttributes, CookieChange } from "../session/state.ts";
import { GUEST_CHAIN } from "../token/credential.ts";

export interface CookieOptions {
  /** Base of the cookie names: a letter is appended (`sid-a`), and the prefix put before. Default `sid`, with another realm `sid-<realm>`. */
  readonly name?: string;
  /** Default `__Host-`. Browsers enforce what it says: Secure, Path=/, no Domain. `__Host-Http-` adds HttpOnly. */
  readonly prefix?: "__Host-" | "__Host-Http-" | "__Secure-" | "none";
  /** Default `lax`. `none` also needs `allowCrossSite`. */
  readonly sameSite?: "lax" | "strict" | "none";
  /** Says that SameSite=None is meant; the `csrf` option must then be given too. */
  readonly allowCrossSite?: boolean;
  /** Share the cookie with subdomains: they can then read and set it, and a warning says so. Needs prefix `__Secure-` or `none`. */
  readonly domain?: string;
  /** Default `/`. Begins with `/`; another path needs prefix `__Secure-` or `none`. */
  readonly path?: string;
  /** Default true. `false` is for plain http in development only and needs prefix `none`. */
  readonly secure?: boolean;
  /**
   * A second cookie, `__Host-sid-hint` by default: the handle of the session that is there, without any right, for scripts to watch. Set and deleted where the one
   * that came with the request says something else, so the page of a session that ended elsewhere hears of it. Default false.
   */
  readonly hint?: boolean;
}

/** The cookies of a jar. Usually it holds one; see decisions/005 for why a chain and the next ones never share a name. */
export interface CookieTransport {
  /** The guest's, and those that sign-ins and elevations take in turn. */
  readonly names: readonly string[];
  readonly attributes: CookieAttributes;
  nameOf(chain: number): string;
  /** A cookie for the browser session: no Max-Age, since expiry is the server's. */
  set(chain: number, value: string, maxAge?: number): CookieChange;
  clear(name: string): CookieChange;
  /** For a cookie of another name, with a value. */
  line(name: string, value: string, maxAge?: number): CookieChange;
  /** Where hints are on: the change that makes it say this, empty for nothing, if the request's `Cookie` header says something else or was left out. */
  readonly hint: ((handle: string, header: string | null | undefined, maxAge?: number) => CookieChange | undefined) | undefined;
}

/** One for guests, and thirty-two that sign-ins and elevations take in turn. */
const LETTERS = "gabcdefhijklmnopqrstuvwxyz0123456";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const DOMAIN = /^[\w.-]{1,253}$/;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/;
const EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT";

/** @throws HoldfastError `config` for a combination that browsers drop or that is unsafe */
export function createCookieTransport(options: CookieOptions = {}): CookieTransport {
  const { name = "sid", prefix = "__Host-", sameSite = "lax", domain, path = "/", secure = true, hint = false, allowCrossSite, ...others } = options;
  noOthers("cookie.", others, []);
  oneOf("cookie.prefix", prefix, ["__Host-", "__Host-Http-", "__Secure-", "none"]);
  oneOf("cookie.sameSite", sameSite, ["lax", "strict", "none"]);
  if (!TOKEN.test(name)) throw configError("cookie.name", "must be a token of at most 256 letters, digits and -_.!~.");
  // Browsers match prefixes without regard to case (RFC 6265bis section 5.4), so a base name may not bring one along.
  if (/^__(host|secure|http)-/i.test(`${name}-`)) throw configError("cookie.name", "must not start with a cookie prefix; choose it with cookie.prefix.");
  const dropped = (option: string, need: string, way: string): HoldfastError => configError(`cookie.${option}`, `${need} with prefix ${prefix}: browsers drop the cookie otherwise. ${way}`);
  if (prefix !== "none" && !secure) throw dropped("secure", "must be true", 'For plain http in development use prefix "none".');
  if (prefix.startsWith("__Host-")) {
    if (domain !== undefined) throw dropped("domain", "must be left out", 'Or use prefix "__Secure-".');
    if (path !== "/") throw dropped("path", 'must be "/"', 'Or use prefix "__Secure-".');
  }
  if (sameSite === "none" && !(allowCrossSite && secure)) throw configError("cookie.sameSite", '"none" needs secure: true and allowCrossSite: true, and CSRF tokens on every write.');
  if (domain !== undefined && !DOMAIN.test(domain)) throw configError("cookie.domain", 'must be a host name such as "example.com".');
  // Without the slash a browser takes the path of the request instead, and a deletion from elsewhere misses the cookie.
  if (!PATH.test(path)) throw configError("cookie.path", "must begin with / and be printable ASCII without spaces and semicolons, at most 1024 characters.");

  const base = prefix === "none" ? name : prefix + name;
  const names = [...LETTERS].map((letter) => `${base}-${letter}`);
  const attributes: CookieAttributes = { path, ...(domain === undefined ? {} : { domain }), secure, httpOnly: true, sameSite };
  const front = `; Path=${path}${domain === undefined ? "" : `; Domain=${domain}`}${secure ? "; Secure" : ""}`;
  const back = `; SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`;
  const line = (name: string, value: string, maxAge?: number, httpOnly = true): CookieChange =>
    change(
      name,
      value,
      { ...attributes, httpOnly, ...(maxAge === undefined ? {} : { maxAge }) },
      `${front}${httpOnly ? "; HttpOnly" : ""}${back}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}${value ? "" : `; Expires=${EPOCH}`}`,
    );
  // The prefix `__Host-Http-` is for cookies that scripts cannot read.
  const hintName = `${prefix === "none" ? "" : prefix.replace("Http-", "")}${name}-hint`;
  const nameOf = (chain: number): string => names[chain === GUEST_CHAIN ? 0 : 1 + ((chain - 1) & 31)] ?? base;
  return {
    names,
    attributes,
    nameOf,
    set: (chain, value, maxAge) => line(nameOf(chain), value, maxAge),
    clear: (name) => line(name, "", 0),
    line,
    hint: hint ? (handle, header, maxAge) => (header !== undefined && `; ${header};`.includes(`; ${hintName}=${handle}${handle && ";"}`) === !!handle ? undefined : line(hintName, handle, handle ? maxAge : 0, false)) : undefined,
  };
}

/** What must not be printed by accident are getters that nothing enumerates, and that `util.inspect` does not call. */
const change = (name: string, value: string, options: CookieAttributes, tail: string): CookieChange =>
  Object.defineProperties({ name, options } as CookieChange, { value: { get: () => value }, header: { get: () => `${name}=${value}${tail}` } });

export type FoundCookie = { readonly name: string; readonly value: string };

/**
 * Our cookies in a Cookie header, one pass, in linear time. `duplicate` when a name occurs twice: the order of cookies proves nothing,
 * so neither is believed (cookie tossing, RFC 6265bis section 4.2.2).
 * @param all as often as they came: for a sign-out, which takes nothing on trust
 */
export function findCookies(header: string | null, names: readonly string[], all: true): readonly FoundCookie[];
export function findCookies(header: string | null, names: readonly string[]): readonly FoundCookie[] | "duplicate";
export function findCookies(header: string | null, names: readonly string[], all?: true): readonly FoundCookie[] | "duplicate" {
  if (!header) return [];
  const base = names[0]?.slice(0, -1) ?? "";
  const found: FoundCookie[] = [];
  let start = 0;
  while (start < header.length) {
    let end = header.indexOf(";", start);
    if (end < 0) end = header.length;
    while (header.charCodeAt(start) === 32 || header.charCodeAt(start) === 9) start++;
    const equals = start + base.length + 1;
    if (header.charCodeAt(equals) === 61 && header.startsWith(base, start)) {
      const name = header.slice(start, equals);
      if (!all && found.some((cookie) => cookie.name === name)) return "duplicate";
      if (names.includes(name)) found.push({ name, value: header.slice(equals + 1, end).trim() });
    }
    start = end + 1;
  }
  return found;
}
