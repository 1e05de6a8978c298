import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { createEmit } from "../emitter.ts";
import { configError, noOthers, oneOf } from "../errors.ts";
import type { Sessions } from "../sessions.ts";
import { faultName } from "../store-call.ts";
import { checkAlgorithms, type TokenAlgorithm } from "./algorithms.ts";
import { isText } from "./claims.ts";
import type { TokenEvent } from "./events.ts";
import { type JsonWebKeySet, type KeySource, keySource } from "./key-set.ts";
import { type LogoutClaims, readLogout } from "./logout-claims.ts";
import { readObject, type TokenKind } from "./parse-token.ts";
import type { ProviderLinks } from "./provider-links.ts";
import { type Refused, refusal } from "./refused.ts";
import { verifySigned } from "./signed.ts";
import { createTellKeys } from "./tell-keys.ts";

export interface LogoutReceiverOptions {
  /** The identity provider, character by character. */
  readonly issuer: string;
  /** The name that it knows this application by: `aud` of its tokens. */
  readonly clientId: string;
  /** The provider's keys: `remoteKeys()` of its `jwks_uri`, or a key set. */
  readonly keys: KeySource | JsonWebKeySet;
  /** Default: RS256, which every provider has (OpenID Connect Core section 15.1), ES256 and Ed25519. */
  readonly algorithms?: readonly TokenAlgorithm[];
  readonly sessions: Pick<Sessions<unknown>, "revoke" | "revokeAll">;
  /** Which sessions began with which of the provider's. */
  readonly links: ProviderLinks;
  /** For tokens with a `sub` only: the subject that its sign-ins have here, all of whose sessions end. `undefined` for nobody. Default: such a token is refused. */
  readonly subjectOf?: (sub: string) => string | undefined | Promise<string | undefined>;
  /** Whether the header must say `logout+jwt` (ASVS 5.0 section 10.5.5), or may leave it out, as older providers do. Default `required`. */
  readonly typ?: "required" | "optional";
  readonly onEvent?: (event: TokenEvent) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

export type LogoutResult =
  /** `sessions`: how many were ended, as far as that is known; 0 where they were over already. */
  | { readonly outcome: "ended"; readonly sessions: number }
  | Refused
  | { readonly outcome: "unavailable"; readonly why: "keys" | "store" };

export interface LogoutReceiver {
  /** Ends what a logout token names. Never rejects. */
  receive(token: unknown): Promise<LogoutResult>;
}

const OPTIONS: readonly string[] = ["issuer", "clientId", "keys", "algorithms", "sessions", "links", "subjectOf", "typ", "onEvent", "clock"] satisfies (keyof LogoutReceiverOptions)[];

/**
 * Receives the sign-outs of an identity provider (OpenID Connect Back-Channel Logout 1.0).
 *
 * @throws HoldfastError `config` naming the option and the fix
 */
export function createLogoutReceiver(options: LogoutReceiverOptions): LogoutReceiver {
  noOthers("", options, OPTIONS);
  const { issuer, clientId, algorithms = ["RS256", "ES256", "Ed25519"], sessions, links, subjectOf, typ = "required", clock = systemClock } = options;
  if (!isText(issuer)) throw configError("issuer", "must be the provider, as in the iss of its tokens.");
  if (!isText(clientId)) throw configError("clientId", "must be this application, as in the aud of the provider's tokens.");
  checkAlgorithms(algorithms);
  oneOf("typ", typ, ["required", "optional"]);
  const keys = keySource(options.keys);
  const kind: TokenKind = { typ: typ === "required" ? ["logout+jwt"] : ["logout+jwt", "jwt", ""], algorithms, maxLength: 8192 };
  const emit = createEmit(options.onEvent, clock);

  const tellKeys = createTellKeys(emit);

  const refuse = ({ reason }: Refused): Refused => {
    emit({ type: "token_refused", reason });
    return refusal(reason);
  };

  /** @throws a fault of the store */
  async function end({ sid, sub, jti, exp }: LogoutClaims): Promise<LogoutResult> {
    if (await links.isUsed(issuer, jti)) return refuse(refusal("revoked"));
    let ended = 0;
    if (sid !== undefined) {
      const provider = { iss: issuer, sid };
      await links.over(provider);
      const ids = await links.find(provider);
      for (const id of ids) await sessions.revoke(id, "logout");
      ended = ids.length;
    } else {
      const subject = await subjectOf?.(sub ?? "");
      if (!subjectOf) return refuse(refusal("claims"));
      if (subject !== undefined) ended = (await sessions.revokeAll(subject)).ended;
    }
    // Last: after a fault the provider may send it again. Twice at one moment ends the same sessions.
    await links.use(issuer, jti, exp * 1000 + KEPT);
    return { outcome: "ended", sessions: ended };
  }

  return {
    async receive(token) {
      const signed = await verifySigned(token, keys, kind);
      if (signed.outcome === "refused") return refuse(signed);
      if (signed.outcome === "unavailable") return signed;
      tellKeys(signed.key, clock.now());
      const claims = readLogout(readObject(signed.payload), issuer, clientId, clock.now());
      if (claims.outcome === "refused") return refuse(claims);
      try {
        return await end(claims);
      } catch (error) {
        emit({ type: "token_denylist_failed", error: faultName(error) });
        return { outcome: "unavailable", why: "store" };
      }
    },
  };
}

/** Beyond its end, for what clocks differ. */
const KEPT: Millis = 60_000;
