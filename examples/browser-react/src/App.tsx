import { client, headline, isHidden, signIn } from "@holdfast/examples-shared/client";
import { useSession } from "@holdfast/session-browser/react";
import { Warning } from "./Warning.tsx";

export function App() {
  const session = useSession(client);
  const alive = "endsIn" in session;
  return (
    <main hidden={isHidden(session)}>
      <h1>{headline(session)}</h1>
      {alive ? (
        <button onClick={() => void client.logout()}>Sign out</button>
      ) : (
        <form action={signIn}>
          <label>
            Name <input name="user" required />
          </label>{" "}
          <button>Sign in</button>
        </form>
      )}
      <Warning />
    </main>
  );
}
