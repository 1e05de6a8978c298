import { ACTIVITY_HEADER } from "@holdfast/session-protocol";
import { type Credential, type Decode, isLaterChain } from "../token/credential.ts";
import type { RingKey, Transport } from "../token/key-ring.ts";
import type { OpenOptions, SessionSource } from "../sessions.ts";
import { type CookieTransport, findCookies } from "./cookie.ts";

/** A credential whose tag is good, and the cookie it came in. */
export interface Presented {
  readonly credential: Credential;
  readonly key: RingKey;
  readonly cookieName: string | undefined;
}

/** What a request says about its session, before any I/O. */
export interface Incoming {
  readonly transport: Transport | undefined;
  /** Authentic ones, the latest chain first. */
  readonly presented: readonly Presented[];
  /** Names of our cookies that came, good or bad: what a sign-out clears. */
  readonly cookieNames: readonly string[];
  /** What else it said is for the hint. */
  readonly cookieHeader: string | null;
  /** A credential of an unknown key, if one came. Its chain is readable, though nobody vouches for it. */
  readonly indeterminate: { readonly keyId: number; readonly chain: number } | undefined;
  readonly rejected: "malformed" | "forged" | "duplicate_cookie" | undefined;
  /** Where a name came twice: the authentic ones among all of them, for a sign-out. They are believed for nothing else. */
  readonly doubled?: (() => readonly Presented[]) | undefined;
  /** Whether the user is behind the request. Asked only when a write depends on it: reading a header is dear. */
  readonly activity: () => boolean;
  /** A navigation: the one kind of request whose response may clean up dead cookies without racing another. */
  readonly navigation: () => boolean;
}

/** So many sessions at the most does a sign-out end where a name came twice. */
const DOUBLED = 4;
const BEARER = /^bearer +/i;

export function readSource(source: SessionSource, options: OpenOptions, decode: Decode, cookies: CookieTransport): Incoming {
  if (typeof source === "string") return fromBearer(source, decode, () => options.activity ?? true);
  const headers = source instanceof Headers ? source : source.headers;
  const activity = (): boolean => options.activity ?? isActivity(headers);
  const authorization = headers.get("authorization");
  if (authorization && BEARER.test(authorization)) {
    const bearer = fromBearer(authorization.replace(BEARER, "").trimEnd(), decode, activity);
    // A bearer token that is not ours is the application's own business, and the cookie counts.
    if (bearer.rejected !== "malformed") return bearer;
  }
  const navigation = (): boolean => headers.get("sec-fetch-mode") === "navigate";
  const cookieHeader = headers.get("cookie");
  const found = findCookies(cookieHeader, cookies.names);
  const empty = { cookieHeader, transport: undefined, presented: [], cookieNames: [], indeterminate: undefined, rejected: undefined, activity, navigation } as const;
  if (found === "duplicate") return { ...empty, cookieNames: cookies.names, rejected: "duplicate_cookie", doubled: () => decodeAll(findCookies(cookieHeader, cookies.names, true), decode, "cookie").presented.slice(0, DOUBLED) };
  if (found.length === 0) return empty;
  return { ...decodeAll(found, decode, "cookie"), cookieHeader, cookieNames: found.map(({ name }) => name), activity, navigation };
}

const fromBearer = (value: string, decode: Decode, activity: () => boolean): Incoming => ({
  ...decodeAll([{ name: undefined, value }], decode, "bearer"),
  cookieNames: [],
  cookieHeader: null,
  activity,
  navigation: () => false,
});

function decodeAll(
  found: readonly { readonly name: string | undefined; readonly value: string }[],
  decode: Decode,
  transport: Transport,
): Pick<Incoming, "transport" | "presented" | "indeterminate" | "rejected"> {
  const presented: Presented[] = [];
  let indeterminate: Incoming["indeterminate"];
  let rejected: Incoming["rejected"];
  for (const { name, value } of found) {
    const decoded = decode[transport](value);
    if (decoded.kind === "authentic") presented.push({ credential: decoded.credential, key: decoded.key, cookieName: name });
    else if (decoded.kind === "indeterminate") indeterminate = indeterminate && isLaterChain(indeterminate.chain, decoded.chain) ? indeterminate : decoded;
    else rejected = decoded.kind;
  }
  presented.sort((a, b) => (isLaterChain(a.credential.chain, b.credential.chain) ? -1 : 1));
  return { transport: presented.length > 0 ? transport : undefined, presented, indeterminate, rejected };
}

export function isActivity(headers: Headers): boolean {
  if (headers.get(ACTIVITY_HEADER)?.trim().toLowerCase() === "none") return false;
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose");
  return !purpose?.includes("prefetch");
}
