import { DEFAULT_BASE, type Millis, type SessionDeadlines, type SessionView } from "@holdfast/session-protocol";
import { alone } from "./lib/alone.ts";
import { type Environment, environmentOf } from "./lib/environment.ts";
import { createFlights } from "./lib/flights.ts";
import { createLink } from "./lib/link.ts";
import { type FetchOptions, sessionFetch } from "./lib/session-fetch.ts";
import { waitFor } from "./lib/wait-for.ts";

export type { Environment, Hint, Page, Surroundings } from "./lib/environment.ts";
export type { FetchOptions } from "./lib/session-fetch.ts";

export interface SessionFetchOptions {
  /** Where the session routes are. Default `/session`. */
  readonly base?: string;
  /** Called with deadlines of any answer, in seconds from `sentAt` of the wall clock: what an idle timer of your own needs. */
  readonly onDeadlines?: (deadlines: SessionDeadlines, sentAt: Millis) => void;
  /** Called with each view that the server answered; `none` says that the session is over. */
  readonly onView?: (view: SessionView) => void;
  /** Parts of the platform to replace. */
  readonly environment?: Partial<Environment>;
}

export interface WaitOptions {
  /** Ends this caller's waiting, which then rejects with the signal's reason. The question to the server goes on for the others. */
  readonly signal?: AbortSignal;
}

export interface SessionFetch {
  /** `fetch` that reads deadlines from answers, marks requests of hidden pages as nobody's, and understands a 401 by its problem type. */
  fetch(input: RequestInfo | URL, init?: FetchOptions): Promise<Response>;
  /** Asks the server how things stand; `undefined` when it did not answer, which says nothing about the session. Parallel calls share one request. */
  refresh(options?: WaitOptions): Promise<SessionView | undefined>;
}

/** Requests and questions without idle timer, warning or tabs: for an application that has those already, or needs none. */
export function createSessionFetch({ base = DEFAULT_BASE, onDeadlines, onView, environment }: SessionFetchOptions = {}): SessionFetch {
  const env = environmentOf(environment);
  const link = createLink(env, base);
  /** No session, and there was none since: no 401 says more. */
  let none = false;
  const flights = createFlights(
    () =>
      alone(env, `session:${base}`, async () => {
        const answer = await link.ask("");
        if (!answer) return undefined;
        none = answer.view.state === "none";
        onView?.(answer.view);
        return answer.view;
      }),
    env.now,
  );
  return {
    refresh: ({ signal } = {}) => waitFor(flights.fresh, signal),
    fetch: (input, init = {}) =>
      sessionFetch(env, link, input, init, {
        present: () => true,
        deadlines(deadlines, sentAt) {
          none = false;
          onDeadlines?.(deadlines, sentAt);
        },
        expired: (sentAt) => void (none || flights.join(sentAt)),
        renew: flights.join,
      }),
  };
}
