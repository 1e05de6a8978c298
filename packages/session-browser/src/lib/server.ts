import { ACTIVITY_HEADER, type Millis, parseSessionView, type SessionView } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";
import { problemOf } from "./session-fetch.ts";

/** How long an answer about the session may take before the server counts as unreachable. */
const PATIENCE: Millis = 10_000;

/** `undefined` when the server could not be reached or was not well: that says nothing about the session. */
export async function ask(environment: Environment, url: string, method: "GET" | "POST"): Promise<{ readonly view: SessionView; readonly sentAt: Millis } | "refused" | undefined> {
  try {
    const headers = method === "GET" ? { [ACTIVITY_HEADER]: "none" } : {};
    let sentAt = 0;
    const response = await twice(() => {
      sentAt = environment.now();
      return environment.fetch(url, { method, headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    });
    if (response.status === 401) return "refused";
    const view = response.ok ? parseSessionView(await response.json()) : null;
    return view ? { view, sentAt } : undefined;
  } catch {
    return undefined;
  }
}

/** A step-up or sign-in in another tab replaced the credential while this was under way: the jar has the new one by now. Says nothing about the session. */
async function twice(send: () => Promise<Response>): Promise<Response> {
  const response = await send();
  return (await problemOf(response)) === "superseded" ? send() : response;
}

/** The sign-out call; outlives the page. `false` when it did not get through and must be sent again. */
export async function sendLogout(environment: Environment, base: string, scope: string): Promise<boolean> {
  try {
    const init: RequestInit = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ scope }), credentials: "same-origin", keepalive: true };
    const response = await twice(() => environment.fetch(`${base}/logout`, init));
    return response.ok;
  } catch {
    return false;
  }
}

/** Where a sign-out waits that has not got through yet. */
const pendingLogout = (key: string): string => `${key}:logout`;

/** A sign-out that has not got through, and the session it was meant for. */
function waitingLogout({ storage }: Environment, key: string): { readonly scope: string; readonly epoch: string } | undefined {
  const [scope, epoch = ""] = storage.getItem(pendingLogout(key))?.split(" ") ?? [];
  return scope ? { scope, epoch } : undefined;
}

/** Notes a sign-out before it is tried; a wider one that waits already is not narrowed. */
export function rememberLogout(environment: Environment, key: string, scope: string, epoch: string): string {
  const wider = waitingLogout(environment, key)?.scope === "all" ? "all" : scope;
  environment.storage.setItem(pendingLogout(key), `${wider} ${epoch}`);
  return wider;
}

export const forgetLogout = ({ storage }: Environment, key: string): void => storage.removeItem(pendingLogout(key));

/** Another session is there by now: the old sign-out must not end it. */
export function dropLogout(environment: Environment, key: string, epoch: string): void {
  const waiting = waitingLogout(environment, key);
  if (waiting && waiting.epoch !== epoch) forgetLogout(environment, key);
}

/** Sends a waiting sign-out again, also one of an earlier page, if the session it was meant for is still there. */
export async function finishLogout(environment: Environment, key: string, base: string): Promise<void> {
  const waiting = waitingLogout(environment, key);
  if (!waiting) return;
  const answer = await ask(environment, base, "GET");
  if (!answer || answer === "refused") return;
  const { view } = answer;
  const same = view.state === "active" && (view.epoch === waiting.epoch || waiting.epoch === "");
  if (!same || (await sendLogout(environment, base, waiting.scope))) forgetLogout(environment, key);
}
