import { type ClientState, createSessionClient, type SessionClient } from "@holdfast/session-browser";
import type { SessionView } from "@holdfast/session-protocol";
import type { Shop } from "./shop.ts";

/** On a server one for each request; in a page there is one. With the view that the server knows, or knew when it made the page, the first state needs no request. */
export function createClient(view: SessionView<Shop> | undefined): SessionClient<Shop> {
  const client = createSessionClient<Shop>({ warnBefore: 20_000, whileWarning: "ask" });
  if (view) client.hydrate(view);
  return client;
}

const written = typeof document === "undefined" ? undefined : document.querySelector("#session")?.textContent;

/** The one client of the page. */
export const client = createClient(written ? (JSON.parse(written) as SessionView<Shop>) : undefined);

export async function signIn(form: FormData): Promise<void> {
  const body = JSON.stringify({ user: form.get("user") });
  // The client sees by the answer that there is a session now, and asks for its view.
  await client.fetch("/sign-in", { method: "POST", headers: { "content-type": "application/json" }, body });
}

/** The headline of the page. */
export function headline(state: ClientState<Shop>): string {
  switch (state.status) {
    case "active":
    case "warning":
    case "offline":
      return `Hello ${state.view.subject}`;
    case "idle":
    case "expired":
    case "revoked":
      return `Signed out (${state.reason})`;
    default:
      return "Welcome";
  }
}

/** Over by a clock that may be wrong, or back from the back-forward cache: nobody sees anything until the server has said so. */
export const isHidden = (state: ClientState<Shop>): boolean => "confirmed" in state && !state.confirmed;
