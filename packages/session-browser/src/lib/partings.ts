import type { Millis } from "@holdfast/session-protocol";
import { pause, within } from "./alone.ts";
import type { ClientState } from "./client-state.ts";
import type { Environment, Hint } from "./environment.ts";
import { createListeners } from "./listeners.ts";
import type { Leaving } from "./session-client.ts";

/** Those who want to save something before the session ends, in all tabs. */
export interface Partings {
  readonly add: (participant: (leaving: Leaving) => unknown) => () => boolean;
  /**
   * Before a sign-out: gives all of them their time at once, in other tabs too. Resolves when they are done or the time is over, and never rejects: nobody can keep a
   * user signed in. `undefined` if no tab of this browser ever had one.
   */
  readonly leave: () => Promise<unknown> | undefined;
  readonly heard: (hint: unknown) => void;
  /** Calls those of this tab when a limit is near, once for each. */
  readonly near: (state: ClientState) => void;
}

/** For so long a tab that signs out waits to hear of others that save. */
const ANSWER_WITHIN: Millis = 200;

export function createPartings(env: Environment, key: string, time: Millis, tell: (hint: Hint) => void): Partings {
  const place = `${key}:saves`;
  const all = createListeners<Leaving>();
  let calledFor: Millis | undefined;
  /** In other tabs. */
  let saving = 0;
  let go: ((done: boolean) => void) | undefined;
  let leaving: Promise<unknown> | undefined;
  /** Those of this tab, since they were called last. */
  let own: Promise<unknown>;

  function call(reason: Leaving["reason"], others?: Promise<unknown>): Promise<unknown> {
    return within(env, time, ({ signal, over }) => Promise.race([over, Promise.allSettled([others, (own = Promise.allSettled(all.tell(() => ({ reason, signal }))))])]));
  }

  return {
    add(participant) {
      env.storage.setItem(place, "1");
      return all.add(participant);
    },
    leave() {
      // Somebody clicked twice.
      if (leaving) return leaving;
      saving = 0;
      tell("leaving");
      if (!env.storage.getItem(place)) return undefined;
      return (leaving = call("logout", pause(env, ANSWER_WITHIN).then(() => saving > 0 && new Promise<boolean>((resolve) => (go = resolve)))).finally(() => (leaving = undefined)));
    },
    heard(hint) {
      if (hint === "leaving" && all.size()) {
        tell("saving");
        // Two tabs that sign out at once have each called their own.
        void (leaving ? own : call("logout")).then(() => tell("saved"));
      }
      if (hint === "saving") saving++;
      if (hint === "saved" && --saving === 0) go?.(true);
    },
    near(state) {
      if (!("endsIn" in state) || state.endsIn > time) return;
      const deadline = Math.min(state.idleAt, state.absoluteAt);
      if (deadline !== calledFor) void call(state.by);
      calledFor = deadline;
    },
  };
}
