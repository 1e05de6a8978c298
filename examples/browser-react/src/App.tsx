import { headline, isHidden, signIn } from "@holdfast/examples-shared/client";
import type { Shop } from "@holdfast/examples-shared/shop";
import type { SessionClient } from "@holdfast/session-browser";
import { useSession } from "@holdfast/session-browser/react";
import { Warning } from "./Warning.tsx";

export interface Props {
  readonly client: SessionClient<Shop>;
}

export function App({ client }: Props) {
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
      <Warning client={client} />
    </main>
  );
}
