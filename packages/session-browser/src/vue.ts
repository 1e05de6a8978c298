import { computed, type ComputedRef, getCurrentInstance, getCurrentScope, onMounted, onScopeDispose, type ShallowRef, shallowRef } from "vue";
import type { ClientState } from "./lib/client-state.ts";
import { type Followed, type IdleActions, type Leavable, type Shown, shownOf } from "./lib/idle-logout.ts";

export type IdleLogout = { readonly [Key in keyof Shown]: ComputedRef<Shown[Key]> } & IdleActions;

/** The state of the session, as a ref: it changes when one can see it, which is each second during a warning. Stops with its scope. */
export function useSession<Data>({ listen, get, initial }: Followed<Data>): Readonly<ShallowRef<ClientState<Data>>> {
  const instance = getCurrentInstance();
  const scope = getCurrentScope();
  const browser = typeof window !== "undefined";
  // Markup of the server is met with what the server knew; on a server nothing is mounted, and nobody listens.
  const state = shallowRef(instance?.vnode.el || !browser ? initial() : get());
  const update = (): void => void (state.value = get());
  const start = (): void => {
    const end = listen(update);
    update();
    scope?.run(() => onScopeDispose(end));
  };
  if (instance) onMounted(start);
  else if (browser) start();
  return state;
}

/** What a warning shows and does. Its refs change with the status and, during a warning, when another second is left; else never. */
export function useIdleLogout(client: Leavable): IdleLogout {
  const state = useSession(client);
  const { extend, logout } = client;
  const part = <Key extends keyof Shown>(key: Key): ComputedRef<Shown[Key]> => computed(() => shownOf(state.value)[key]);
  return { status: part("status"), remaining: part("remaining"), by: part("by"), extend, logout };
}
