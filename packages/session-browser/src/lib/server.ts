import { ACTIVITY_HEADER, DEADLINES_HEADER, parseDeadlines, parseProblemType, parseSessionView, type Millis, type ProblemName, type SessionDeadlines, type SessionView } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** How long an answer about the session may take before the server counts as unreachable. */
const PATIENCE: Millis = 10_000;

export interface Answer {
  readonly response: Response;
  readonly sentAt: Millis;
  readonly deadlines: SessionDeadlines | null;
}

/** Sends a request and notes when, since deadlines count from then. */
export async function send(environment: Environment, request: Request): Promise<Answer> {
  const sentAt = environment.now();
  const response = await environment.fetch(request);
  return { response, sentAt, deadlines: parseDeadlines(response.headers.get(DEADLINES_HEADER)) };
}

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

/** Which of our problems a 401 is; any other 401 is the application's own business. */
export async function problemOf(response: Response): Promise<ProblemName | undefined> {
  if (response.status !== 401 || !response.headers.get("content-type")?.startsWith("application/problem+json")) return undefined;
  try {
    return parseProblemType(((await response.clone().json()) as { type?: unknown }).type);
  } catch {
    return undefined;
  }
}
