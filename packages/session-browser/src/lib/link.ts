import { ACTIVITY_HEADER, CSRF_HEADER, type Millis, parseSessionView, type SessionView } from "@holdfast/session-protocol";
import { PATIENCE, within } from "./alone.ts";
import type { Environment } from "./environment.ts";
import { DRIFT } from "./life.ts";
import { type Problem, problemOf } from "./problem.ts";

/** `undefined` when the server could not be reached or was not well, `null` for a 401 (refused): neither says anything about the session. */
export type Answer = Answered | null | undefined;

export interface Answered {
  readonly view: SessionView;
  /** When the question was sent, by the wall clock. */
  readonly sentAt: Millis;
}

export interface Reply {
  readonly response: Response;
  readonly problem: Problem | undefined;
  /** When the request was sent that this is the answer to, by the wall clock. */
  readonly sentAt: Millis;
}

/** All requests go through here, those to the session routes and the application's own. */
export interface Link {
  /** Asks for the view, or tells of activity (which also answers the view). */
  readonly ask: (path: "" | "/touch") => Promise<Answer>;
  /** A request to a session route. */
  readonly post: (path: string, init: RequestInit) => Request;
  /**
   * Sends, once more if the credential had just been replaced and that is sound: `sound` for a request that the server refuses before it does anything,
   * `never` for a body that can be read once only. By default it depends. After a stale CSRF token it asks for the new one first, by `renew` or a question of its own. Rejects as `fetch` does.
   */
  readonly send: (request: Request, repeat?: "sound" | "never", renew?: (sentAt: Millis) => Promise<unknown>) => Promise<Reply>;
  /** For how long, in ms, questions wait that nobody asked for. An `urgent` one only waits as long as the server wishes. */
  readonly pause: (urgent?: boolean) => Millis;
}

const SAFE = /^(GET|HEAD|OPTIONS)$/;
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/;

/** What the server says; a redirection to another origin has not led to it. */
export const header = ({ type, headers }: Response, name: string): string | null => (type === "cors" ? null : headers.get(name));

export function createLink(env: Environment, base: string): Link {
  // A browser's own does not work as a member of something else.
  const { fetch } = env;
  let failures = 0;
  /** By the monotonic clock: until when the server wishes to be left alone, and until when it would be decent. */
  let wished: Millis = 0;
  let decent: Millis = 0;
  /** Of this session, in memory only. */
  let token: string | null = null;

  /** After each failure up to twice as long, at most a minute, and anything between: browsers that failed together do not come back together. */
  function failed(response?: Response): null | undefined {
    const after = response?.headers.get("retry-after") ?? "";
    wished = env.monotonic() + (Number(after) * 1000 || Date.parse(after) - env.now() || 0);
    decent = env.monotonic() + 1000 + env.random() * Math.min(60_000, 5000 * 2 ** ++failures);
    return response?.status === 401 ? null : undefined;
  }

  async function once(request: Request): Promise<Reply> {
    if (token && !SAFE.test(request.method)) request.headers.set(CSRF_HEADER, token);
    const sentAt = env.now();
    const apart = sentAt - env.monotonic();
    const response = await fetch(request);
    token = header(response, CSRF_HEADER) ?? token;
    // Where the clock was set back meanwhile, the same moment by the clock of now.
    const back = apart - env.now() + env.monotonic();
    return { response, problem: await problemOf(response), sentAt: back > DRIFT ? sentAt - back : sentAt };
  }

  async function send(request: Request, repeat?: "sound" | "never", renew: (sentAt: Millis) => Promise<unknown> = () => ask("")): Promise<Reply> {
    const again = repeat !== "never" && request.clone();
    const before = token;
    const reply = await once(request);
    const { problem } = reply;
    const stale = !SAFE.test(request.method) && problem?.is("csrf");
    // Another session took the place of the one that the token is of: a question brings the new token. Such a request was refused before anything was done.
    if (stale && token === before) await renew(reply.sentAt);
    // A step-up or sign-in in another tab replaced the credential while this was under way: the jar has the new one by now.
    if (!again || !(stale ? token !== before : problem?.is("superseded"))) return reply;
    const sound = stale || repeat || problem?.unprocessed || IDEMPOTENT.test(request.method) || request.headers.has("idempotency-key");
    return sound ? once(again) : reply;
  }

  const post = (path: string, init: RequestInit): Request => new Request(new URL(base + path, env.page?.url()), { cache: "no-store", ...init });

  const ask = (path: "" | "/touch"): Promise<Answer> =>
    within(env, PATIENCE, async ({ signal }): Promise<Answer> => {
      const { response, sentAt } = await send(post(path, path ? { method: "POST", signal } : { headers: { [ACTIVITY_HEADER]: "none" }, signal }), "sound");
      const view = response.ok && parseSessionView(await response.json());
      if (!view) return failed(response);
      failures = wished = 0;
      decent = env.monotonic() + 5000;
      return { view, sentAt };
    }).catch(() => failed());

  return {
    post,
    send,
    ask,
    pause: (urgent) => Math.max(wished, urgent ? 0 : decent) - env.monotonic(),
  };
}
