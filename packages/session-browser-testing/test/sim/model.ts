import { ACTIVITY_HEADER, CSRF_HEADER, DEADLINES_HEADER, formatDeadlines, type EndedReason, type Millis, type ProblemName, problemType } from "@holdfast/session-protocol";
import type { Answerer } from "../../src/lib/tabs/network.ts";

export interface ModelOptions {
  readonly idle: Millis;
  readonly absolute: Millis;
  /** How long it can still tell why a session ended. */
  readonly remembers: Millis;
  readonly csrf: boolean;
  /** Sets a cookie that scripts may read and that names the session. */
  readonly hint: boolean;
}

export interface ModelSession {
  readonly epoch: string;
  readonly number: number;
  chain: number;
  readonly startedAt: Millis;
  seenAt: Millis;
  provedAt: Millis;
  ended: { readonly reason: EndedReason | "replaced"; readonly at: Millis } | undefined;
}

/** What is used of a response: a hundredth of the cost of a real one. */
class Answer {
  readonly ok: boolean;
  readonly headers: Headers;
  readonly status: number;
  readonly #body: unknown;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, cookies: readonly string[] = []) {
    this.status = status;
    this.ok = status < 300;
    this.#body = body;
    this.headers = { get: (name: string) => headers[name.toLowerCase()] ?? null, getSetCookie: () => cookies } as unknown as Headers;
  }

  clone(): this {
    return this;
  }

  async json(): Promise<unknown> {
    if (this.#body === undefined) throw new SyntaxError("no JSON");
    return this.#body;
  }
}

/** Ordinary requests move the end by inactivity this often. */
export const touchEvery = (idle: Millis): Millis => Math.min(Math.max(60_000, idle / 10), idle / 4);

const answer = (...args: ConstructorParameters<typeof Answer>): Response => new Answer(...args) as unknown as Response;
const DELETED = "; Path=/; Max-Age=0";

/** The page of a network that wants a sign-in of its own. */
export const portal = (): Response => answer(200, undefined, { "content-type": "text/html" });

/** The session routes of the server, as small as a simulation of millions of requests needs; faithful.test.ts sets it against the real ones. */
export class Model implements Answerer {
  readonly sessions: ModelSession[] = [];
  /** Answers 503 instead, and asks to be left alone for so long. */
  down: { readonly retryAfter: number | undefined } | undefined;
  /** Hears of each session that a request for a sign-out ended, and of each request that it can serve. */
  onLogout: (session: ModelSession) => void = () => undefined;
  readonly #now: () => Millis;
  readonly #options: ModelOptions;

  constructor(now: () => Millis, options: ModelOptions) {
    this.#now = now;
    this.#options = options;
  }

  /** When it ends by itself. */
  endsAt({ seenAt, startedAt }: ModelSession): { readonly at: Millis; readonly by: "idle" | "absolute" } {
    const { idle, absolute } = this.#options;
    return seenAt + idle < startedAt + absolute ? { at: seenAt + idle, by: "idle" } : { at: startedAt + absolute, by: "absolute" };
  }

  lives(session: ModelSession): boolean {
    const { at, by } = this.endsAt(session);
    if (!session.ended && this.#now() >= at) session.ended = { reason: by, at };
    return !session.ended;
  }

  end(session: ModelSession, reason: EndedReason | "replaced"): void {
    if (this.lives(session)) session.ended = { reason, at: this.#now() };
  }

  /** The session whose credential a Cookie header holds. */
  of(cookies: string): ModelSession | undefined {
    return this.sessions[shown(cookies)[0] - 1];
  }

  fetch(request: Request): Response {
    const { method, url, headers } = request;
    const path = url.slice(url.indexOf("/", 8));
    if (this.down) return answer(503, { type: problemType("unavailable") }, { "content-type": "application/problem+json", ...(this.down.retryAfter === undefined ? {} : { "retry-after": `${this.down.retryAfter}` }) });
    const cookies = headers.get("cookie") ?? "";
    if (path === "/sign-in") return this.#signIn(cookies);
    const [number, chain] = shown(cookies);
    const session = this.sessions[number - 1];
    const alive = session && this.lives(session) ? session : undefined;
    if (alive && chain > alive.chain) alive.chain = chain;
    const superseded = alive ? chain < alive.chain : session?.ended?.reason === "replaced";
    if (this.#options.csrf && method !== "GET" && alive && headers.get(CSRF_HEADER) !== `csrf-secret-${number}`) return problem("csrf", 403);
    const background = path === "/session" || path === "/session/logout" || headers.get(ACTIVITY_HEADER) === "none";
    if (superseded) return problem("superseded", 401, { processed: false });
    if (path === "/session/logout") return this.#logout(alive, cookies);
    if (!alive) return path === "/session" ? answer(200, { state: "none", ...this.#why(session) }) : problem("expired", 401);
    const asked = path === "/session/touch";
    if (asked || (!background && this.#now() - alive.seenAt >= touchEvery(this.#options.idle))) alive.seenAt = this.#now();
    if (path !== "/step-up") return answer(200, this.#view(alive), this.#headers(alive));
    // The old credential is good until the new one is used.
    alive.provedAt = this.#now();
    return answer(200, undefined, this.#headers(alive), [this.#cookie(alive, alive.chain + 1)]);
  }

  #why(session: ModelSession | undefined): object {
    const { ended } = session ?? {};
    return ended && this.#now() < ended.at + this.#options.remembers ? { ended: ended.reason } : {};
  }

  #signIn(cookies: string): Response {
    const now = this.#now();
    const before = this.of(cookies);
    if (before) this.end(before, "replaced");
    const number = this.sessions.length + 1;
    const session: ModelSession = { epoch: `e${number}`, number, chain: 1, startedAt: now, seenAt: now, provedAt: now, ended: undefined };
    this.sessions.push(session);
    return answer(204, undefined, {}, [this.#cookie(session), ...(before ? [`sid${before.number}=${DELETED}; HttpOnly`] : []), ...(this.#options.hint ? [`hint=${session.epoch}; Path=/`] : [])]);
  }

  /** Of the cookies of two sessions none stays. */
  #logout(session: ModelSession | undefined, cookies: string): Response {
    if (!session) return answer(204, undefined);
    this.end(session, "logout");
    this.onLogout(session);
    const gone = Array.from(cookies.matchAll(/sid\d+(?==)/g), ([name]) => `${name}=${DELETED}; HttpOnly`);
    return answer(204, undefined, {}, [...gone, ...(this.#options.hint ? [`hint=${DELETED}`] : [])]);
  }

  #cookie = ({ number }: ModelSession, chain = 1): string => `sid${number}=secret-${number}.${chain}; Path=/; HttpOnly`;

  #left(session: ModelSession): { readonly idle: number; readonly absolute: number } {
    const { idle, absolute } = this.#options;
    const now = this.#now();
    return { idle: Math.floor((session.seenAt + idle - now) / 1000), absolute: Math.floor((session.startedAt + absolute - now) / 1000) };
  }

  #headers(session: ModelSession): Readonly<Record<string, string>> {
    return {
      "content-type": "application/json",
      [DEADLINES_HEADER.toLowerCase()]: formatDeadlines({ ...this.#left(session), epoch: session.epoch }),
      ...(this.#options.csrf ? { [CSRF_HEADER.toLowerCase()]: `csrf-secret-${session.number}` } : {}),
    };
  }

  #view(session: ModelSession): unknown {
    const { epoch, number, provedAt } = session;
    const { idle, absolute } = this.#left(session);
    return { state: "active", id: `${number}`, data: null, idleIn: idle, idleFor: this.#options.idle / 1000, expiresIn: absolute, epoch, subject: "ada", authenticatedAgo: Math.floor((this.#now() - provedAt) / 1000) };
  }
}

/** The latest of the credentials: each session has a cookie of its own name, so that no late answer takes another's. */
function shown(cookies: string): readonly [number: number, chain: number] {
  let best: readonly [number, number] = [0, 0];
  for (const [, number, chain] of cookies.matchAll(/secret-(\d+)\.(\d+)/g)) if (Number(number) > best[0]) best = [Number(number), Number(chain)];
  return best;
}

const problem = (name: ProblemName, status: number, more: object = {}): Response => answer(status, { type: problemType(name), ...more }, { "content-type": "application/problem+json" });
