import { useMemo, useSyncExternalStore } from "react";
import type { ClientState } from "./lib/client-state.ts";
import { type Followed, type IdleActions, type Leavable, type Shown, shownOf } from "./lib/idle-logout.ts";

export interface IdleLogout extends Shown, IdleActions {}

/** The state of the session. Renders when one can see that it changed; during a warning that is each second. */
export function useSession<Data>({ listen, get, initial }: Followed<Data>): ClientState<Data> {
  return useSyncExternalStore(listen, get, initial);
}

/** What a warning shows and does. Renders when the status changes and, during a warning, when another second is left; else never. */
export function useIdleLogout({ listen, get, initial, extend, logout }: Leavable): IdleLogout {
  // As text: what shows the same is the same.
  const shown = useSyncExternalStore(
    listen,
    () => JSON.stringify(shownOf(get())),
    () => JSON.stringify(shownOf(initial())),
  );
  return useMemo(() => ({ ...(JSON.parse(shown) as Shown), extend, logout }), [shown, extend, logout]);
}
