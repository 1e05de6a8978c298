import type { Millis } from "@holdfast/session-protocol";
import { hasTimes, isAudience, isText, lateness } from "./claims.ts";
import { type Refused, refusal } from "./refused.ts";

/** What a logout token says (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
export interface LogoutClaims {
  readonly outcome: "right";
  readonly jti: string;
  /** In seconds since 1970. */
  readonly exp: number;
  readonly sid: string | undefined;
  readonly sub: string | undefined;
}

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** The longest life of a logout token, in seconds (section 2.4: "preferably at most two minutes"). */
const LONGEST = 120;
const TOLERANCE: Millis = 5000;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/** Section 2.6. `nonce` is what an ID token has and this may not. */
export function readLogout(payload: Readonly<Record<string, unknown>> | undefined, issuer: string, clientId: string, now: Millis): LogoutClaims | Refused {
  if (!payload) return refusal("malformed");
  const { iss, aud, exp, iat, nbf, jti, sid, sub, events } = payload;
  if (!isText(iss) || !isAudience(aud)) return refusal("claims");
  if (iss !== issuer) return refusal("issuer");
  if (![aud].flat().includes(clientId)) return refusal("audience");
  if (!hasTimes(payload) || Object.hasOwn(payload, "nonce") || !isObject(events) || !Object.hasOwn(events, EVENT) || !isObject((events as Record<string, unknown>)[EVENT])) return refusal("claims");
  if (!isText(jti) || jti.length > 256 || (sid === undefined && sub === undefined)) return refusal("claims");
  if (![sid, sub].every((name) => name === undefined || isText(name))) return refusal("claims");
  const times = { exp: exp as number, iat: iat as number, nbf: (nbf ?? iat) as number };
  if (times.exp - times.iat > LONGEST) return refusal("claims");
  const late = lateness(times, now, TOLERANCE);
  return late ? refusal(late) : { outcome: "right", jti, exp: times.exp, sid: sid as string | undefined, sub: sub as string | undefined };
}
