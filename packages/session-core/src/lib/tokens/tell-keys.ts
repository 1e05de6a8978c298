import type { Millis } from "@holdfast/session-protocol";
import type { EmitToken } from "./events.ts";
import type { VerifyKey } from "./key-set.ts";

const MINUTE: Millis = 60_000;

/** Tells that a key verified which is on its way out, or too short for long: once a minute for each. A clock that was set back tells again. */
export function createTellKeys(emit: EmitToken): (key: VerifyKey, now: Millis) => void {
  const told = new Map<string, Millis>();
  return ({ kid, old, short }, now) => {
    if (!old && !short) return;
    const last = told.get(kid);
    if (last !== undefined && now >= last && now - last < MINUTE) return;
    told.set(kid, now);
    if (old) emit({ type: "token_old_key", kid });
    if (short) emit({ type: "token_short_key", kid });
  };
}
