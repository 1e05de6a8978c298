import { ACTIVITY_HEADER, type Millis, parseSessionView, type SessionView } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** How long an answer about the session may take before the server counts as unreachable. */
const PATIENCE: Millis = 10_000;

/** `undefined` when the server could not be reached or was not well: that says nothing about the session. */
export async function ask(environment: Environment, url: string, method: "GET" | "POST"): Promise<{ readonly view: SessionView; readonly sentAt: Millis } | "refused" | undefined> {
  try {
    const headers = method === "GET" ? { [ACTIVITY_HEADER]: "none" } : {};
    const sentAt = environment.now();
    const response = await environment.fetch(url, { method, headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 401) return "refused";
    const view = response.ok ? parseSessionView(await response.json()) : null;
    return view ? { view, sentAt } : undefined;
  } catch {
    return undefined;
  }
}

/** The sign-out call; outlives the page. `false` when it did not get through and must be sent again. */
export async function sendLogout(environment: Environment, base: string, scope: string): Promise<boolean> {
  try {
    const response = await environment.fetch(`${base}/logout`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ scope }),
      credentials: "same-origin",
      keepalive: true,
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Where a sign-out waits that has not got through yet. */
export const pendingLogout = (key: string): string => `${key}:logout`;

/** Sends a waiting sign-out again, also one of an earlier page. */
export async function finishLogout(environment: Environment, key: string, base: string): Promise<boolean> {
  const { storage } = environment;
  const scope = storage.getItem(pendingLogout(key));
  if (scope === null) return true;
  const done = await sendLogout(environment, base, scope);
  if (done) storage.removeItem(pendingLogout(key));
  return done;
}
