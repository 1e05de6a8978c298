import { createSubscriber } from "svelte/reactivity";
import type { ClientState } from "./lib/client-state.ts";
import { type Followed, type IdleActions, type Leavable, type Shown, shownOf } from "./lib/idle-logout.ts";

export interface IdleLogout extends Shown, IdleActions {}

/**
 * The state of the session as `current`, reactive where it is read: it changes when one can see it, which is each second during a warning. Listens while an
 * effect or a template reads it. In templates `$client` does the same, since a client is a store.
 */
export function useSession<Data>({ listen, get }: Followed<Data>): { readonly current: ClientState<Data> } {
  const follow = createSubscriber(listen);
  return {
    get current() {
      follow();
      return get();
    },
  };
}

/** What a warning shows and does. Its members change with the status and, during a warning, when another second is left; else never. Do not destructure it. */
export function useIdleLogout({ listen, get, extend, logout }: Leavable): IdleLogout {
  const follow = createSubscriber((update) => {
    let last = JSON.stringify(shownOf(get()));
    return listen(() => {
      const before = last;
      last = JSON.stringify(shownOf(get()));
      if (last !== before) update();
    });
  });
  const shown = (): Shown => (follow(), shownOf(get()));
  return {
    get status() {
      return shown().status;
    },
    get remaining() {
      return shown().remaining;
    },
    get by() {
      return shown().by;
    },
    extend,
    logout,
  };
}
