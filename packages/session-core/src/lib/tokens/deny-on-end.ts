import { type Clock, systemClock } from "../clock.ts";
import { createEmit } from "../emitter.ts";
import { endOf, handlesOf } from "../end-of.ts";
import type { SessionEvent } from "../events.ts";
import type { Sessions } from "../sessions.ts";
import { faultName } from "../store-call.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Denylist } from "./denylist.ts";
import type { TokenEvent } from "./events.ts";

export interface DenyOnEndOptions {
  readonly sessions: Pick<Sessions<unknown>, "on">;
  /** Whose tokens they are, and how long the last of them lives. */
  readonly tokens: Pick<AccessTokens<never>, "issuer" | "lifetime">;
  /** The one that verifiers ask. */
  readonly denylist: Pick<Denylist, "denySession">;
  /** Hears of a denial that could not be written. */
  readonly onEvent?: (event: TokenEvent) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

export interface Denials {
  /** When all that were begun are written, or have failed: for `waitUntil`, and before the process goes. */
  readonly settled: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Denies the access tokens of every session that this process ends before its time: by a sign-out, a sign-in that takes its place, a revocation, reuse, a signal or for room. Sessions
 * that reach their limits need it not, since no token outlives those.
 *
 * The denial is written beside the answer, after the end: a verifier hears of it one write later. Where that fails (event `token_denylist_failed`), or the process dies between, tokens live until they
 * expire, at most `lifetime`. So do those of `revokeEverything()`, and of `revokeAll()` with a store that cannot list: nobody knows which sessions those were.
 *
 * A lost answer of the store hides no end, since the row says whose it was, but for two. An end that is answered with `unavailable`, because the store could not be asked
 * either, may have taken effect, and the second try finds nothing to end: where no token may outlive that, `list()` the subject's sessions first and `denySession` each `handle`. And a
 * session that began while a `revokeAll()`, or a sign-in with `revokeOthers`, was under way is not named where the answer is lost.
 */
export function denyOnEnd({ sessions, tokens: { issuer: iss, lifetime }, denylist, onEvent, clock = systemClock }: DenyOnEndOptions): Denials {
  const emit = createEmit(onEvent, clock);
  const pending = new Set<Promise<void>>();
  const deny = (sid: string): void => {
    const work = denylist.denySession({ iss, sid, lifetime }).catch((error: unknown) => emit({ type: "token_denylist_failed", error: faultName(error) }));
    const kept = work.finally(() => pending.delete(kept));
    pending.add(kept);
  };
  const stop = sessions.on((event) => {
    for (const sid of endedBy(event)) deny(sid);
  });
  return {
    stop,
    async settled() {
      await Promise.all(pending);
    },
  };
}

/** Handles of the sessions that are over before their time with this event. */
function endedBy(event: SessionEvent): readonly string[] {
  if (event.type === "session_created") return event.previous === undefined ? [] : [event.previous];
  const reason = endOf(event);
  return reason === undefined || reason === "idle" || reason === "absolute" ? [] : handlesOf(event).filter((handle) => handle !== "");
}
