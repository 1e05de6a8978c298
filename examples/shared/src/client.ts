import { type ClientState, createSessionClient } from "@holdfast/session-browser";
import type { Shop } from "./shop.ts";

/** The one client of the page. */
export const client = createSessionClient<Shop>({ warnBefore: 20_000, whileWarning: "ask" });

// What the server knew when it made the page: the first state needs no request.
const view = document.querySelector("#session")?.textContent;
if (view) client.hydrate(JSON.parse(view));

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
