/** @jsxImportSource solid-js */
import { client, headline, isHidden, signIn } from "@holdfast/examples-shared/client";
import { useIdleLogout, useSession } from "@holdfast/session-browser/solid";
import { type JSX, Show } from "solid-js";

export function App(): JSX.Element {
  const session = useSession(client);
  const { status, remaining, by, extend, logout } = useIdleLogout(client);

  const submit = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    void signIn(new FormData(event.currentTarget));
  };
  const form = (): JSX.Element => (
    <form onSubmit={submit}>
      <label>
        Name <input name="user" required />
      </label>{" "}
      <button>Sign in</button>
    </form>
  );
  return (
    <main hidden={isHidden(session())}>
      <h1>{headline(session())}</h1>
      <Show when={"endsIn" in session()} fallback={form()}>
        <button onClick={() => void client.logout()}>Sign out</button>
      </Show>
      <Show when={status() === "warning"}>
        <div role="alertdialog" aria-label="Your session is about to end">
          <p>Signed out in {remaining()} s.</p>
          <Show when={by() === "idle"}>
            <button onClick={extend}>Stay signed in</button>
          </Show>{" "}
          <button onClick={logout}>Leave now</button>
        </div>
      </Show>
    </main>
  );
}
