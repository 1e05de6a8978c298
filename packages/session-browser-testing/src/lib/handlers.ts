import { DEFAULT_BASE } from "@holdfast/session-protocol";
import type { TestServer } from "./test-server.ts";

/** `http` of msw: of `msw/http` (version 3) or `msw` (version 2). It is handed in, so that the handlers are of the version that you have. */
export interface Http<Handler> {
  all(predicate: string, resolver: (info: { readonly request: Request }) => Promise<Response>): Handler;
}

export interface HandlerOptions {
  /** Where the session routes are. Default `/session`. */
  readonly base?: string;
  /** Paths of your application that the server answers as well. Default `/data`. */
  readonly paths?: readonly string[];
}

/**
 * Handlers for msw, behind which the session routes of the server run: what they answer cannot differ from it. They match any origin. The browser's cookies are
 * the server's `jar`, since a mocked answer cannot set HttpOnly ones.
 */
export function sessionHandlers<Handler>(http: Http<Handler>, server: Pick<TestServer, "fetch">, { base = DEFAULT_BASE, paths = ["/data"] }: HandlerOptions = {}): Handler[] {
  return [base, `${base}/*`, ...paths].map((path) => http.all(`*${path}`, ({ request }) => server.fetch(request)));
}
