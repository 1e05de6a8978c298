import type { Millis } from "@holdfast/session-protocol";
import { utf8 } from "../bytes.ts";
import { mac } from "../hash.ts";
import type { SessionId } from "../port.ts";
import type { Marks } from "../signals/sight.ts";
import { chainAfter, hashSecret } from "./credential.ts";
import { beginChain, type Chain, newChainKey, nextSecret } from "./ratchet.ts";

export interface Rights {
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  readonly authenticatedAt: Millis;
  /** From when the absolute limit counts: a re-authentication restarts it. */
  readonly startedAt: Millis;
  /** Taken anew by a re-authentication. */
  readonly marks: Marks | undefined;
}

/** A chain with new rights that waits for its first use; until then the old one lives on without them. */
export interface PendingChain extends Chain, Rights {}

/**
 * The first secret of an elevated chain. It is made from a secret that the presenter holds or is about to get, so a double submit
 * finds the pending chain of the first and answers with the same credential: whichever response arrives last, the jar is right.
 */
export function elevateChain(
  current: Chain,
  id: SessionId,
  presented: Uint8Array,
  pending: Chain | undefined,
  now: Millis,
): { chain: Chain; secret: Uint8Array } {
  if (pending) {
    // Made one step ahead of a secret at most two steps from the presented one: behind the overlap, or already promoted.
    let base = presented;
    for (let i = 0; i <= 2; i++) {
      const secret = firstSecret(pending.chainKey, id, base);
      if (hashSecret(secret) === pending.hash) return { chain: pending, secret };
      base = nextSecret(current.chainKey, base);
    }
  }
  const chainKey = newChainKey();
  const base = hashSecret(presented) === current.hash ? nextSecret(current.chainKey, presented) : nextSecret(current.chainKey, nextSecret(current.chainKey, presented));
  // An answer with the one that waits may still be under way: another chain, and so another cookie.
  return beginChain(chainAfter((pending ?? current).chain, 1), now, chainKey, firstSecret(chainKey, id, base));
}

function firstSecret(chainKey: string, id: SessionId, base: Uint8Array): Uint8Array {
  const context = utf8.encode(`elevate\0${id}\0`);
  const message = new Uint8Array(context.length + base.length);
  message.set(context);
  message.set(base, context.length);
  return mac(utf8.encode(chainKey), message);
}
