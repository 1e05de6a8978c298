import type { Millis } from "@holdfast/session-protocol";
import { within } from "./alone.ts";
import type { ClientState } from "./client-state.ts";
import type { Environment } from "./environment.ts";
import { createListeners } from "./listeners.ts";
import type { Leaving } from "./session-client.ts";

type Participant = (leaving: Leaving) => unknown;

/** Those who want to save something before the session ends. */
export interface Partings {
  readonly add: (participant: Participant) => () => boolean;
  /** Gives all their time at once. Resolves when they are done or the time is over, and never rejects: nobody can keep a user signed in. */
  readonly call: (reason: Leaving["reason"]) => Promise<unknown> | undefined;
  /** Calls them when a limit is near, once for each. */
  readonly near: (state: ClientState) => void;
}

export function createPartings(env: () => Environment, time: Millis): Partings {
  const all = createListeners<Leaving>();
  let calledFor: Millis | undefined;

  function call(reason: Leaving["reason"]): Promise<unknown> | undefined {
    if (!all.size()) return undefined;
    const { signal, done } = within(env(), time);
    const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
    return Promise.race([over, Promise.allSettled(all.tell(() => ({ reason, signal })))]).finally(done);
  }

  return {
    call,
    add: all.add,
    near(state) {
      if (!("endsIn" in state) || state.endsIn > time) return;
      const deadline = Math.min(state.idleAt, state.absoluteAt);
      if (deadline !== calledFor) void call(state.by);
      calledFor = deadline;
    },
  };
}
