import { useIdleLogout } from "@holdfast/session-browser/react";
import type { Props } from "./App.tsx";

/** On its own, so that the countdown renders this and nothing else. */
export function Warning({ client }: Props) {
  const { status, remaining, by, extend, logout } = useIdleLogout(client);
  if (status !== "warning") return null;
  return (
    <div role="alertdialog" aria-label="Your session is about to end">
      <p>Signed out in {remaining} s.</p>
      {by === "idle" && <button onClick={extend}>Stay signed in</button>} <button onClick={logout}>Leave now</button>
    </div>
  );
}
