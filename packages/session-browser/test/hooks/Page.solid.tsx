/** @jsxImportSource solid-js */
import { type JSX, Show } from "solid-js";
import { useIdleLogout, useSession } from "../../src/solid.ts";
import type { PageProps } from "./behaves.ts";

export function Page(props: PageProps): JSX.Element {
  const session = useSession(props.client);
  const { status, remaining, by, extend, logout } = useIdleLogout(props.client);
  const name = (): string => {
    const state = session();
    return "view" in state && state.view.state === "active" ? state.view.subject : "Welcome";
  };
  const text = (): string => {
    const text = [status(), remaining(), by()].filter(Boolean).join(" ");
    props.drawn(text);
    return text;
  };
  return (
    <main class={session().status}>
      <h1>{name()}</h1>
      <p>{text()}</p>
      <Show when={status() === "warning"}>
        <div role="alertdialog">
          <button onClick={extend}>Stay</button>
          <button onClick={logout}>Leave</button>
        </div>
      </Show>
    </main>
  );
}
