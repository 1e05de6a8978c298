import { ACTIVITY_HEADER, formatDeadlines, problemType } from "@holdfast/session-protocol";
import { MINUTE, SECOND } from "./times.ts";

/** No session of one page has the handle of another. */
let count = 0;

/**
 * A server of one browser's session, by the rules of the protocol. It is not the real one: no script of a page may set Cookie or read Set-Cookie, so in a
 * page there is none without a network.
 */
export class FakeServer {
  readonly log: string[] = [];
  readonly idle = 10 * MINUTE;
  readonly absolute = 60 * MINUTE;
  down = false;
  /** So many requests were sent with a credential that another tab's step-up replaced. */
  stragglers = 0;
  #session: { readonly epoch: string; seenAt: number; readonly startedAt: number } | undefined;
  #ended: string | undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  signIn(): void {
    this.#session = { epoch: `e${++count}`, seenAt: this.#now(), startedAt: this.#now() };
    this.#ended = undefined;
  }

  end(reason: string): void {
    this.#session = undefined;
    this.#ended = reason;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const nobody = request.headers.get(ACTIVITY_HEADER) === "none";
    this.log.push(`${request.method} ${pathname}${nobody ? " (nobody)" : ""}`);
    if (this.down) throw new TypeError("Failed to fetch");
    if (this.stragglers > 0) {
      this.stragglers--;
      return refuse("superseded");
    }
    const now = this.#now();
    const live = this.#session;
    if (live && now >= Math.min(live.seenAt + this.idle, live.startedAt + this.absolute)) this.end(now >= live.startedAt + this.absolute ? "absolute" : "idle");
    if (pathname === "/session/logout") {
      if (this.#session) this.end("logout");
      return new Response(null, { status: 204 });
    }
    const session = this.#session;
    if (!session) return pathname === "/session" ? Response.json({ state: "none", ...(this.#ended === undefined ? {} : { ended: this.#ended }) }) : refuse("expired");
    if (pathname !== "/session" && !nobody) session.seenAt = now;
    const { epoch, seenAt, startedAt } = session;
    const idleIn = Math.floor((seenAt + this.idle - now) / SECOND);
    const expiresIn = Math.floor((startedAt + this.absolute - now) / SECOND);
    const headers = { "session-deadlines": formatDeadlines({ idle: idleIn, absolute: expiresIn, epoch }) };
    if (!pathname.startsWith("/session")) return new Response("data", { headers });
    const authenticatedAgo = Math.floor((now - startedAt) / SECOND);
    return Response.json({ state: "active", id: "i", subject: "ada", data: null, authenticatedAgo, idleIn, idleFor: this.idle / SECOND, expiresIn, epoch }, { headers });
  };
}

const refuse = (name: "superseded" | "expired"): Response =>
  new Response(JSON.stringify({ type: problemType(name), status: 401 }), { status: 401, headers: { "content-type": "application/problem+json" } });
