import { ACTIVITY_HEADER, DEADLINES_HEADER, type Millis, parseDeadlines, type SessionDeadlines } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";
import { header, type Link } from "./link.ts";

export interface FetchOptions extends RequestInit {
  /** Nobody is waiting for this request: it does not count as activity. By default that is told from the user's last input. */
  readonly background?: boolean;
}

/** What its owner wants to know of the requests that pass through. */
export interface FetchHooks {
  readonly present: () => boolean;
  readonly deadlines: (deadlines: SessionDeadlines, sentAt: Millis, present: boolean) => void;
  readonly expired: (sentAt: Millis) => void;
  /** Asks the server, also for the CSRF token of now; a question sent at `sentAt` or later will do. */
  readonly renew: (sentAt: Millis) => Promise<unknown>;
}

/** `fetch` to the page's own origin; requests to others pass untouched. */
export async function sessionFetch({ fetch, page }: Environment, { send }: Link, input: RequestInfo | URL, { background, ...init }: FetchOptions, hooks: FetchHooks): Promise<Response> {
  const request = new Request(page && !(input instanceof Request) ? new URL(input, page.document.baseURI) : input, init);
  if (page && new URL(request.url).origin !== new URL(page.url()).origin) return fetch(request);
  const nobody = background ?? (page?.document.visibilityState === "hidden" || !hooks.present());
  if (nobody) request.headers.set(ACTIVITY_HEADER, "none");
  // A stream can be read once only.
  const { response, problem, sentAt } = await send(request, init.body instanceof ReadableStream ? "never" : undefined, hooks.renew);
  const deadlines = parseDeadlines(header(response, DEADLINES_HEADER));
  if (deadlines) hooks.deadlines(deadlines, sentAt, !nobody);
  if (response.status === 401 && problem?.over) hooks.expired(sentAt);
  return response;
}
