import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { createEmit } from "../emitter.ts";
import { configError, noOthers } from "../errors.ts";
import { faultName } from "../store-call.ts";
import { checkAlgorithms, type TokenAlgorithm } from "./algorithms.ts";
import { type AccessTokenClaims, isAudience, isText, lateness, LONGEST_TOLERANCE, readClaims } from "./claims.ts";
import type { Denylist } from "./denylist.ts";
import type { TokenEvent } from "./events.ts";
import { frozen } from "./frozen.ts";
import { type JsonWebKeySet, type KeySource, keySource } from "./key-set.ts";
import { readObject, type TokenKind } from "./parse-token.ts";
import { type Refused, refusal } from "./refused.ts";
import { type RefusedBy, verifySigned } from "./signed.ts";
import { createTellKeys } from "./tell-keys.ts";
import { createHasher, type Verified, verifiedTokens } from "./verified.ts";

export interface TokenVerifierOptions {
  /** Who must have issued the token, character by character. */
  readonly issuer: string;
  /** This service, by the name or names that tokens have it under. One of them must be in `aud`. */
  readonly audience: string | readonly string[];
  /** The issuer's keys: `remoteKeys(url)`, a key set, or the `AccessTokens` of this process. */
  readonly keys: KeySource | JsonWebKeySet;
  /** Default: ES256 and Ed25519. */
  readonly algorithms?: readonly TokenAlgorithm[];
  /** How far clocks may differ, in ms. Default 5 s, as for credentials (DESIGN section 4); at most 60 s. */
  readonly clockTolerance?: Millis;
  /** Longest token that is looked at, in characters. Default 8192: with one, headers are as long as most servers take. */
  readonly maxLength?: number;
  /** How many verified tokens are remembered, or none. Each takes some 2 KB. Default 1000. */
  readonly cache?: number | "off";
  /** Asked about each token, each time. Default: tokens are good until they expire. */
  readonly denylist?: Pick<Denylist, "has">;
  readonly onEvent?: (event: TokenEvent) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

export type VerifyResult =
  | { readonly outcome: "accepted"; readonly claims: AccessTokenClaims }
  | Refused
  /** Nobody can say: the keys or the denylist could not be asked. Answer 503. */
  | { readonly outcome: "unavailable"; readonly why: "keys" | "denylist" };

export interface TokenVerifier {
  /** Never rejects. Without an `Authorization: Bearer` around it. */
  verify(token: string): Promise<VerifyResult>;
}

const OPTIONS: readonly string[] = ["issuer", "audience", "keys", "algorithms", "clockTolerance", "maxLength", "cache", "denylist", "onEvent", "clock"] satisfies (keyof TokenVerifierOptions)[];

/**
 * Verifies RFC 9068 access tokens, in any service: it needs no sessions and no store.
 *
 * @throws HoldfastError `config` naming the option and the fix
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  noOthers("", options, OPTIONS);
  const { issuer, audience, algorithms = ["ES256", "Ed25519"], clockTolerance = 5000, maxLength = 8192, cache = 1000, denylist, clock = systemClock } = options;
  if (!isText(issuer)) throw configError("issuer", "must be the issuer of the tokens, as in their iss.");
  if (!isAudience(audience)) throw configError("audience", "must be the name of this service, as in aud.");
  checkAlgorithms(algorithms);
  if (!(clockTolerance >= 0 && clockTolerance <= LONGEST_TOLERANCE)) throw configError("clockTolerance", `must be a number of milliseconds, at most ${LONGEST_TOLERANCE}.`);
  if (!(maxLength >= 256 && maxLength <= 65_536)) throw configError("maxLength", "must be a number of characters from 256 to 65536.");
  if (cache !== "off" && !(Number.isSafeInteger(cache) && cache >= 2 && cache <= 1_000_000)) throw configError("cache", 'must be a number of tokens from 2 to 1000000, or "off".');
  const keys = keySource(options.keys);
  const expected = { issuer, audience: [audience].flat() };
  const kind: TokenKind = { typ: ["at+jwt"], algorithms, maxLength };
  const emit = createEmit(options.onEvent, clock);
  const hash = createHasher();
  const known = cache === "off" ? undefined : verifiedTokens(cache);
  const tellKeys = createTellKeys(emit);

  const refuse = ({ reason, kid }: RefusedBy, by = kid): Refused => {
    emit({ type: "token_refused", reason, kid: by });
    return refusal(reason);
  };

  /** For a token that is not known: everything that never changes about it. */
  async function check(token: string): Promise<Verified | Exclude<VerifyResult, { outcome: "accepted" }>> {
    const signed = await verifySigned(token, keys, kind);
    if (signed.outcome === "refused") return refuse(signed);
    if (signed.outcome === "unavailable") return signed;
    const { key, payload } = signed;
    const read = readClaims(readObject(payload), expected);
    return read.outcome === "refused" ? refuse(read, key.kid) : { key, claims: frozen(read.claims) };
  }

  return {
    async verify(token) {
      const now = clock.now();
      const hashed = known && typeof token === "string" && token.length <= maxLength ? hash(token) : undefined;
      const met = hashed === undefined ? undefined : known?.get(hashed);
      // The key must still be the issuer's, and the same one.
      const verified = met && keys.peek(met.key.kid) === met.key ? met : await check(token);
      if ("outcome" in verified) return verified;
      const { key, claims } = verified;
      const late = lateness(claims, now, clockTolerance);
      if (late) return refuse(refusal(late), key.kid);
      if (hashed !== undefined && verified !== met) known?.set(hashed, verified);
      tellKeys(key, now);
      if (denylist) {
        try {
          if (await denylist.has(claims)) return refuse(refusal("revoked"), key.kid);
        } catch (error) {
          emit({ type: "token_denylist_failed", error: faultName(error) });
          return { outcome: "unavailable", why: "denylist" };
        }
      }
      return { outcome: "accepted", claims };
    },
  };
}
