import { ACTIVITY_HEADER, DEADLINES_HEADER, type Millis, parseDeadlines, parseProblemType, type ProblemName, type SessionDeadlines } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

export interface FetchOptions extends RequestInit {
  /** Nobody is waiting for this request: it does not count as activity. By default that is told from the user's last input. */
  readonly background?: boolean;
}

/** What the client wants to know of the requests that pass through it. */
export interface FetchHooks {
  present(): boolean;
  deadlines(deadlines: SessionDeadlines, sentAt: Millis, present: boolean): void;
  expired(sentAt: Millis): void;
}

/** `fetch` to the page's own origin; requests to others pass untouched. */
export async function sessionFetch(environment: Environment, input: RequestInfo | URL, init: FetchOptions, hooks: FetchHooks): Promise<Response> {
  const { background, ...rest } = init;
  const { page } = environment;
  const request = new Request(page && !(input instanceof Request) ? new URL(String(input), page.url()) : input, rest);
  if (page && new URL(request.url).origin !== new URL(page.url()).origin) return environment.fetch(request);
  const present = hooks.present() && page?.document.visibilityState !== "hidden";
  const nobody = background ?? !present;
  if (nobody) request.headers.set(ACTIVITY_HEADER, "none");
  // A stream can be read once only.
  const again = rest.body instanceof ReadableStream ? undefined : request.clone();
  let sentAt = environment.now();
  let response = await environment.fetch(request);
  let problem = await problemOf(response);
  if (problem === "superseded" && again) {
    // The server refused before it did anything, whatever the method, and the jar has a newer credential by now.
    sentAt = environment.now();
    response = await environment.fetch(again);
    problem = await problemOf(response);
  }
  const deadlines = parseDeadlines(response.headers.get(DEADLINES_HEADER));
  if (deadlines) hooks.deadlines(deadlines, sentAt, !nobody);
  if (problem === "expired") hooks.expired(sentAt);
  return response;
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
