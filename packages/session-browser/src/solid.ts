import { type Accessor, createMemo, createSignal, onCleanup, onMount, sharedConfig } from "solid-js";
import type { ClientState } from "./lib/client-state.ts";
import { type Followed, type IdleActions, type Leavable, type Shown, shownOf } from "./lib/idle-logout.ts";

export type IdleLogout = { readonly [Key in keyof Shown]: Accessor<Shown[Key]> } & IdleActions;

/** The state of the session, as a signal: it changes when one can see it, which is each second during a warning. Stops with its owner. */
export function useSession<Data>({ listen, get, initial }: Followed<Data>): Accessor<ClientState<Data>> {
  // Markup of the server is met with what the server knew; on a server nothing is mounted, and nobody listens.
  const [state, set] = createSignal(sharedConfig.context ? initial() : get());
  onMount(() => {
    const update = (): void => void set(get);
    onCleanup(listen(update));
    update();
  });
  return state;
}

/** What a warning shows and does. Its signals change with the status and, during a warning, when another second is left; else never. */
export function useIdleLogout(client: Leavable): IdleLogout {
  const state = useSession(client);
  const { extend, logout } = client;
  const part = <Key extends keyof Shown>(key: Key): Accessor<Shown[Key]> => createMemo(() => shownOf(state())[key]);
  return { status: part("status"), remaining: part("remaining"), by: part("by"), extend, logout };
}
