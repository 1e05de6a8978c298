import { type ClientState, createSessionClient, type LogoutOutcome, type LogoutScope } from "@holdfast/session-browser";
import { attachDialog, type DialogOptions } from "@holdfast/session-browser/dialog";
import type { EndedReason } from "@holdfast/session-protocol";
import type { PortalConfig, Remaining, Session } from "./app.ts";

/** What the pages need of the session client. */
export interface Connection {
  readonly session: Session;
  /** The deadline that is near, while it is. */
  readonly warning: { readonly endsIn: number } | undefined;
  /** Shows it as a dialog. */
  warn(options: DialogOptions): void;
  /** Resolves with the server's first word, or without it when there is none. */
  start(): Promise<void>;
  remaining(): Remaining | undefined;
  refresh(): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  extend(): Promise<boolean>;
  signOut(scope: LogoutScope): Promise<LogoutOutcome>;
}

export interface ConnectionEvents {
  /** Another session, or another kind of session, than before. */
  changed(): void;
  /** The session of this page is over. */
  over(reason: EndedReason): void;
}

const LEAST_WARNING = 20_000;

export function createConnection(config: PortalConfig, on: ConnectionEvents): Connection {
  // The dialog asks: a brushed mouse is no answer to "Still there?".
  const client = createSessionClient({ warnBefore: Math.max(LEAST_WARNING, config.warn), whileWarning: "ask", hintCookie: "__Host-sid-portal-hint" });
  let shown = "";
  let leaving = false;

  const heard = (state: ClientState): void => {
    if (leaving) return;
    const reason = reasonOf(state);
    if (reason) return on.over(reason);
    const next = "view" in state ? `${state.view.state} ${state.view.epoch}` : state.status;
    if (next === shown) return;
    shown = next;
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
    async start() {
      const state = await client.refresh();
      shown = "view" in state ? `${state.view.state} ${state.view.epoch}` : state.status;
      client.subscribe(heard);
      // From the back-forward cache: nobody sees whose page it was before it is known whose it is.
      client.on("restored", ({ checked }) => {
        document.body.hidden = true;
        void checked.finally(() => (document.body.hidden = false));
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
  };
}

const sessionOf = (state: ClientState): Session => ("view" in state ? (state.view as Session) : { state: "none" });

function reasonOf(state: ClientState): EndedReason | undefined {
  // A clock that was set forward can pass a deadline too: the page is left when the server has said so.
  return "reason" in state && !("confirmed" in state && !state.confirmed) ? state.reason : undefined;
}
