import type { Millis } from "@holdfast/session-protocol";
import { importJWK } from "jose/key/import";
import { CompactSign } from "jose/jws/compact/sign";
import { randomBytes, toBase64url, utf8 } from "../bytes.ts";
import { type Clock, systemClock } from "../clock.ts";
import { configError, noOthers } from "../errors.ts";
import { type Secret, secret } from "../secret.ts";
import type { ActiveState, SessionState } from "../session/state.ts";
import { type AccessTokenClaims, isAudience, isText } from "./claims.ts";
import { fixedKeys, type JsonWebKeySet, type KeySource, readKeySet } from "./key-set.ts";
import { checkSigningKeys, KEY_SET_AGE, publicJwk, type SigningKeyFile } from "./signing-keys.ts";
import { issuerUrl } from "./issuer-url.ts";

export interface AccessTokensOptions<Data> {
  /** Who issues: an https URL without query and fragment (RFC 8414 section 2), compared character by character. */
  readonly issuer: string;
  /** The services that the tokens are for. */
  readonly audience: string | readonly string[];
  /** The application that the tokens are given to (RFC 8693 section 4.3). */
  readonly clientId: string;
  readonly keys: SigningKeyFile;
  /** The longest that a token lives, in ms. Default 5 min, at most an hour; never longer than what is left of its session. */
  readonly lifetime?: Millis;
  /** How long caches may keep the published keys, in ms. Default 10 min. A key must be published for as long before it signs. */
  readonly jwksMaxAge?: Millis;
  /** What the token allows, separated by spaces. Default: no `scope`. */
  readonly scope?: (state: ActiveState<Data>) => string | undefined;
  /** More claims, by name. They can be read by everybody who holds the token. Default: none. */
  readonly claims?: (state: ActiveState<Data>) => Readonly<Record<string, unknown>>;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

export type IssueResult =
  | {
      readonly outcome: "issued";
      readonly accessToken: Secret;
      readonly tokenType: "Bearer";
      /** In whole seconds. */
      readonly expiresIn: number;
      readonly jti: string;
    }
  /** `no_session`: nobody is signed in. `ending`: less than a second is left of the session. */
  | { readonly outcome: "refused"; readonly why: "no_session" | "ending" };

/** RFC 9068 access tokens for the sessions of one application. */
export interface AccessTokens<Data> extends KeySource {
  readonly issuer: string;
  readonly lifetime: Millis;
  readonly jwksMaxAge: Millis;
  /** A token for a session as it was just read; load it with `authoritative` where a copy may answer. */
  issue(state: SessionState<Data>): Promise<IssueResult>;
  /** The public keys, for `/.well-known/jwks.json`: the next one and the retired ones too. */
  jwks(): JsonWebKeySet;
}

const OPTIONS: readonly string[] = ["issuer", "audience", "clientId", "keys", "lifetime", "jwksMaxAge", "scope", "claims", "clock"] satisfies (keyof AccessTokensOptions<unknown>)[];
/** What the token says by itself. */
const OWN = ["iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "sid", "auth_time", "acr", "amr", "scope", "cnf", "act", "may_act", "events", "nonce"];
const HOUR: Millis = 3_600_000;

/**
 * Issues access tokens for sessions. It writes nothing: a token is good until it expires, and at most `lifetime` longer than its session.
 *
 * @throws HoldfastError `config` naming the option and the fix: a ring without exactly one active key, two keys with one kid, a key that signs before
 * verifiers could know it, a lifetime above an hour
 */
export function createAccessTokens<Data = Record<string, unknown>>(options: AccessTokensOptions<Data>): AccessTokens<Data> {
  noOthers("", options, OPTIONS);
  const { audience, clientId, lifetime = 300_000, jwksMaxAge = KEY_SET_AGE, clock = systemClock } = options;
  const issuer = issuerUrl("issuer", options.issuer);
  if (!isAudience(audience)) throw configError("audience", "must name the services that the tokens are for, or one of them.");
  if (!isText(clientId)) throw configError("clientId", "must name the application that the tokens are given to.");
  if (!(lifetime >= 1000 && lifetime <= HOUR)) throw configError("lifetime", `must be a number of milliseconds, at least 1000 and at most ${HOUR}: a token outlives its session by as much.`);
  if (!(jwksMaxAge >= 0 && jwksMaxAge <= 24 * HOUR)) throw configError("jwksMaxAge", `must be a number of milliseconds, at most ${24 * HOUR}.`);
  const { keys, active, retired } = checkSigningKeys(options.keys);
  if (retired.size > 0 && active.since - active.added < jwksMaxAge) {
    throw configError(`keys[kid ${active.kid}]`, `signs, and was published for less than ${jwksMaxAge / 1000} s before: verifiers that keep the keys for as long refuse its tokens. Use promoteSigningKey(), with the same jwksMaxAge.`);
  }
  const published = keys.map(publicJwk);
  const set = readKeySet({ keys: published }, (kid) => retired.has(kid));
  if (typeof set === "string") throw configError("keys", set);
  let loading: Promise<CryptoKey> | undefined;
  const signingKey = (): Promise<CryptoKey> => (loading ??= importJWK({ ...active.jwk }, active.alg) as Promise<CryptoKey>);
  const header = { alg: active.alg, kid: active.kid, typ: "at+jwt" };

  return {
    ...fixedKeys(set),
    issuer,
    lifetime,
    jwksMaxAge,
    jwks: () => ({ keys: published }),
    async issue(state) {
      if (state.kind !== "active") return { outcome: "refused", why: "no_session" };
      const now = clock.now();
      const iat = Math.floor(now / 1000);
      const exp = Math.floor(Math.min(now + lifetime, state.idleAt, state.absoluteAt) / 1000);
      if (!(exp > iat)) return { outcome: "refused", why: "ending" };
      const jti = toBase64url(randomBytes(16));
      const claims = claimsOf(options, state, { iss: issuer, aud: audience, sub: state.subject, client_id: clientId, iat, exp, jti });
      const token = await new CompactSign(utf8.encode(JSON.stringify(claims))).setProtectedHeader(header).sign(await signingKey());
      return { outcome: "issued", accessToken: secret(token), tokenType: "Bearer", expiresIn: exp - iat, jti };
    },
  };
}

function claimsOf<Data>({ scope, claims }: AccessTokensOptions<Data>, state: ActiveState<Data>, own: AccessTokenClaims): AccessTokenClaims {
  const { handle, authenticatedAt, acr, amr } = state;
  const more = claims?.(state) ?? {};
  const taken = OWN.find((name) => Object.hasOwn(more, name));
  if (taken !== undefined) throw configError("claims", `may not give ${taken}: the token says that by itself.`);
  const granted = scope?.(state);
  return {
    ...more,
    ...own,
    sid: handle,
    auth_time: Math.floor(authenticatedAt / 1000),
    ...(acr === undefined ? {} : { acr }),
    ...(amr.length > 0 ? { amr } : {}),
    ...(granted ? { scope: granted } : {}),
  };
}
