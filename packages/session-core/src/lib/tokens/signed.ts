import { compactVerify } from "jose/jws/compact/verify";
import { sameAlgorithm } from "./algorithms.ts";
import type { KeySource, VerifyKey } from "./key-set.ts";
import { parseToken, type TokenKind } from "./parse-token.ts";
import { type Refused, refusal, type RefusedReason } from "./refused.ts";

/** Nobody can say, as the keys could not be asked for. */
export interface NoKeys {
  readonly outcome: "unavailable";
  readonly why: "keys";
}

export interface Signed {
  readonly outcome: "signed";
  readonly key: VerifyKey;
  readonly payload: Uint8Array;
}

/** A refusal, and which key it was about, where that is known. */
export interface RefusedBy extends Refused {
  readonly kid?: string;
}

/** Whether a key of the source signed this token, and under the key's own algorithm. What it says is not looked at. Never rejects. */
export async function verifySigned(token: unknown, keys: KeySource, kind: TokenKind): Promise<Signed | RefusedBy | NoKeys> {
  const head = parseToken(token, kind);
  if (head.outcome === "refused") return head;
  const { kid, alg } = head;
  const key = keys.peek(kid) ?? (await keys.find(kid));
  if (key === "unavailable") return { outcome: "unavailable", why: "keys" };
  if (key === "unknown") return refusal("key");
  const refused = (reason: RefusedReason): RefusedBy => ({ ...refusal(reason), kid });
  if (!sameAlgorithm(key.alg, alg)) return refused("key_algorithm");
  const loaded = await key.load().catch(() => undefined);
  if (!loaded) return refused("key");
  try {
    const { payload } = await compactVerify(token as string, loaded, { algorithms: [alg] });
    return { outcome: "signed", key, payload };
  } catch {
    return refused("signature");
  }
}
