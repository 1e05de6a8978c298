import { me } from "@holdfast/examples-shared/shop";
import { headers } from "next/headers";
import { sessions } from "../lib/sessions.ts";
import { signOut } from "./actions.ts";

/**
 * A server component only reads: its response is on the way already, and Next lets nobody set a cookie here. `cacheable` says just that to the
 * commit: it records the visit, so that idle starts anew, and leaves the renewal of the credential to the next route handler.
 */
export default async function Page() {
  const incoming = await headers(); // first: it tells Next that this page is made for each request
  const session = await sessions().open(incoming);
  const { state } = await session.commit({ cacheable: true });
  const { kind, subject, cart } = me(state);
  return (
    <main>
      <h1>{kind === "active" ? `Signed in as ${subject}` : "Not signed in"}</h1>
      <p>In the cart: {cart.length === 0 ? "nothing" : cart.join(", ")}</p>
      {kind === "active" && (
        <form action={signOut}>
          <button>Sign out</button>
        </form>
      )}
    </main>
  );
}
