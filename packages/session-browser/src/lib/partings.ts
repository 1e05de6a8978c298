import type { Millis } from "@holdfast/session-protocol";
import { within } from "./alone.ts";
import type { ClientState } from "./client-state.ts";
import type { Environment } from "./environment.ts";
import type { Leaving } from "./session-client.ts";

type Participant = (leaving: Leaving) => unknown;

/** Those who want to save something before the session ends. */
export interface Partings {
  readonly add: (participant: Participant) => () => void;
  /** Gives all their time at once. Resolves when they are done or the time is over, and never rejects: nobody can keep a user signed in. */
  readonly call: (reason: Leaving["reason"]) => Promise<unknown> | undefined;
  /** Calls them when a limit is near, once for each. */
  readonly near: (state: ClientState) => void;
}

export function createPartings(env: () => Environment, time: Millis): Partings {
  const all = new Set<readonly [Participant]>();
  let calledFor: Millis | undefined;

  function call(reason: Leaving["reason"]): Promise<unknown> | undefined {
    if (all.size === 0) return undefined;
    const { signal, done } = within(env(), time);
    const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
    return Promise.race([over, Promise.allSettled(Array.from(all, async ([participant]) => participant({ reason, signal })))]).finally(done);
  }

  return {
    call,
    add(participant) {
      const entry = [participant] as const;
      all.add(entry);
      return () => void all.delete(entry);
    },
    near(state) {
      if (!("endsIn" in state) || state.endsIn > time) return;
      const { by, idleAt, absoluteAt } = state;
      const deadline = by === "idle" ? idleAt : absoluteAt;
      if (deadline !== calledFor) void call(by);
      calledFor = deadline;
    },
  };
}
