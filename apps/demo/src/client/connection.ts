import { type ClientState, createSessionClient, type LogoutOutcome, type LogoutScope } from "@holdfast/session-browser";
import { attachDialog, type DialogOptions } from "@holdfast/session-browser/dialog";
import { wipeAtEnd } from "@holdfast/session-browser/wipe";
import type { EndedReason } from "@holdfast/session-protocol";
import type { PortalConfig, Remaining, Session } from "./app.ts";

/** What the pages need of the session client. */
export interface Connection {
  readonly session: Session;
  /** The deadline that is near, while it is. */
  readonly warning: { readonly endsIn: number } | undefined;
  /** Shows it as a dialog. */
  warn(options: DialogOptions): void;
  /** Draws from the view that the server wrote into the page. Without one, and in a page that the back button brought, it waits for the server's first word. */
  start(view: Session | undefined): Promise<void>;
  remaining(): Remaining | undefined;
  refresh(): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  extend(): Promise<boolean>;
  signOut(scope: LogoutScope): Promise<LogoutOutcome>;
  hold(reason: string, max: number, ended: () => void): () => void;
  beforeLogout(save: () => unknown): void;
}

export interface ConnectionEvents {
  /** Each second of a warning, and at every change. */
  ticked(): void;
  /** Whether only this browser's clock, or its cache, says what the page shows: nobody should see it meanwhile, and it may be right all the same. */
  doubted(doubt: boolean): void;
  /** Another session, or another kind of session, than before. */
  changed(): void;
  /** The session of this page is over. */
  over(reason: EndedReason): void;
}

const LEAST_WARNING = 20_000;

export function createConnection(config: PortalConfig, on: ConnectionEvents): Connection {
  // The dialog asks: a brushed mouse is no answer to "Still there?".
  const client = createSessionClient({ warnBefore: Math.max(LEAST_WARNING, config.warn), whileWarning: "ask", hintCookie: "__Host-sid-portal-hint", frames: [location.origin] });
  let shown = "";
  let leaving = false;

  const heard = (state: ClientState): void => {
    if (leaving) return;
    const doubt = "confirmed" in state && !state.confirmed;
    on.doubted(doubt);
    // A clock that was set forward passes a deadline too: hidden, not left.
    if (doubt && "reason" in state) return;
    if ("reason" in state && state.reason) return on.over(state.reason);
    on.ticked();
    if (nameOf(state) === shown) return;
    shown = nameOf(state);
    on.changed();
  };

  return {
    get session() {
      return sessionOf(client.get());
    },
    get warning() {
      const state = client.get();
      return state.status === "warning" ? state : undefined;
    },
    warn: (options) => void attachDialog(client, options),
    async start(view) {
      if (view) client.hydrate(view);
      const state = client.get();
      if (state.status === "none" && !state.known) await client.refresh();
      shown = nameOf(client.get());
      wipeAtEnd(client);
      client.subscribe(heard);
      // From the back-forward cache: nobody sees whose page it was before it is known whose it is.
      client.on("restored", ({ checked }) => {
        on.doubted(true);
        void checked.then(heard);
      });
    },
    remaining: () => client.remaining(),
    async refresh() {
      await client.refresh();
    },
    fetch: (path, init) => client.fetch(path, init),
    extend: () => client.extend(),
    async signOut(scope) {
      if (scope === "others") return client.logout({ scope });
      // The server first: the page that comes next must find the session over and the cookie gone.
      leaving = true;
      const outcome = await client.logout({ scope });
      leaving = false;
      if (outcome === "done") on.over("logout");
      else on.changed();
      return outcome;
    },
    hold(reason, max, ended) {
      const off = client.on("held", (event) => {
        if (event.reason !== reason || event.until !== undefined) return;
        off();
        ended();
      });
      return client.hold(reason, { max });
    },
    beforeLogout: (save) => void client.beforeLogout(save),
  };
}

const sessionOf = (state: ClientState): Session => ("view" in state ? (state.view as Session) : { state: "none" });

/** Which session, and of what kind. */
const nameOf = (state: ClientState): string => ("view" in state ? `${state.view.state} ${state.view.epoch}` : state.status);
