import type { Millis } from "@holdfast/session-protocol";
import { type Refused, refusal } from "./refused.ts";

/** The claims of an access token (RFC 9068 section 2.2). Times are seconds since 1970. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly sub: string;
  readonly client_id: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  /** Handle of the session: a keyed hash, never its id. */
  readonly sid?: string;
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Separated by spaces. */
  readonly scope?: string;
  readonly nbf?: number;
  readonly [name: string]: unknown;
}

/** The most that clocks may differ: beyond it a token is as good as one without an end (RFC 7519 section 4.1.4: "no more than a few minutes"). */
export const LONGEST_TOLERANCE: Millis = 60_000;

export interface Expected {
  readonly issuer: string;
  readonly audience: readonly string[];
}

type Payload = Readonly<Record<string, unknown>>;

/** What never changes about a token: who made it, for whom, and that nothing is missing. */
export function readClaims(payload: Payload | undefined, { issuer, audience }: Expected): { readonly outcome: "right"; readonly claims: AccessTokenClaims } | Refused {
  if (!payload) return refusal("malformed");
  const { iss, aud } = payload;
  if (!isText(iss) || !isAudience(aud)) return refusal("claims");
  if (iss !== issuer) return refusal("issuer");
  if (![aud].flat().some((one) => audience.includes(one))) return refusal("audience");
  const { amr = [], auth_time: authTime = 0, cnf } = payload;
  // `includes` on a text would find "mfa" in "no-mfa". A token that is bound to a key (RFC 7800, RFC 9449) is none for a bearer.
  if (!Array.isArray(amr) || !amr.every(isText) || !isTime(authTime) || cnf !== undefined) return refusal("claims");
  return hasTimes(payload) && TEXTS.every((name) => isText(payload[name])) && OPTIONAL.every((name) => payload[name] === undefined || isText(payload[name]))
    ? { outcome: "right", claims: payload as AccessTokenClaims }
    : refusal("claims");
}

const TEXTS = ["sub", "client_id", "jti"];
const OPTIONAL = ["sid", "scope", "acr"];

export const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;

export const isAudience = (aud: unknown): aud is string | readonly string[] => isText(aud) || (Array.isArray(aud) && aud.length > 0 && aud.every(isText));

const isTime = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

export const hasTimes = ({ iat, exp, nbf }: Payload): boolean => isTime(iat) && isTime(exp) && (nbf === undefined || isTime(nbf));

/** What may be over by now, so it is asked each time, whatever was known before. */
export function lateness({ exp, iat, nbf = iat }: Pick<AccessTokenClaims, "exp" | "iat" | "nbf">, now: Millis, tolerance: Millis): "expired" | "not_yet" | undefined {
  // A clock that is no number makes nothing good.
  if (!(now < exp * 1000 + tolerance)) return "expired";
  return now + tolerance < Math.max(iat, nbf) * 1000 ? "not_yet" : undefined;
}
