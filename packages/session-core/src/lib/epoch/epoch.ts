import type { Millis } from "@holdfast/session-protocol";
import type { Auxiliary } from "../auxiliary.ts";
import { longestLife } from "../session/longest-life.ts";
import type { Policy } from "../session/policy.ts";
import { SKEW } from "../token/ratchet.ts";

/** Counts up with each `revokeEverything`: sessions of a smaller number are over, sign-ins that began by `at` are refused. */
export interface Epoch {
  readonly number: number;
  readonly at: Millis;
}

/** Nothing was ever revoked. */
export const FIRST: Epoch = { number: 0, at: Number.NEGATIVE_INFINITY };

/**
 * Greater than the one before on any clock, and greater than all before it even where their row is gone. The row is needed until the last session before it
 * is gone, and goes before `removeKey` may take out the key that it is encrypted with.
 */
export const nextEpoch = (before: Epoch, now: Millis, policy: Policy): Epoch & Auxiliary => {
  const epoch = { number: Math.max(before.number + 1, now), at: Math.max(before.at, now) };
  return { ...epoch, body: JSON.stringify(epoch), expiresAt: now + longestLife(policy) + SKEW };
};

/** What is no epoch reads as none, like every row that cannot be read. */
export function readEpoch(body: string | undefined): Epoch {
  try {
    const { number, at } = JSON.parse(body ?? "{}") as Partial<Epoch>;
    return typeof number === "number" && typeof at === "number" ? { number, at } : FIRST;
  } catch {
    return FIRST;
  }
}
