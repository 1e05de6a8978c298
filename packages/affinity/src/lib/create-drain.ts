import { type Clock, systemClock } from "@holdfast/session-core/store";
import type { Affinity, Millis } from "./affinity.ts";
import { cookieAttributes } from "./cookie.ts";
import { untilRead } from "./until-read.ts";

export interface DrainOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** 200: the node takes clients. 404: no new ones. 503: none at all. */
export type HealthStatus = 200 | 404 | 503;

/** `empty`: no request is under way. `late`: the grace is over and `inFlight` requests still are. */
export interface DrainResult {
  readonly outcome: "empty" | "late";
  readonly inFlight: number;
}

/** How a node leaves: nothing new comes in, what is there is finished, then nobody comes at all, and nobody notices. */
export interface Drain {
  readonly draining: boolean;
  /** Requests under way, responses that are still being read included. */
  readonly inFlight: number;
  /**
   * Answers the health path (200, once the node drains 404, in the end 503) and wraps everything else: counts it, and while the node drains clears the affinity cookie, so that the
   * client's next request goes elsewhere. A response that caches may share gets no cookie.
   */
  handle(request: Request, next: () => Response | Promise<Response>): Promise<Response>;
  /** For other shapes than Fetch: what to answer on the health path now. */
  readonly healthStatus: HealthStatus;
  /** For other shapes than Fetch: the `Set-Cookie` that responses carry now, or undefined. */
  readonly setCookie: string | undefined;
  /** For other shapes than Fetch: counts a request; call what it returns when the response is over, however that came about. */
  begin(): () => void;
  /**
   * Begins to drain, once. First the health path answers 404 (HAProxy and BIG-IP: no new clients) and cookies are cleared, until the balancer must have noticed (`drain.notice`) and no request is
   * under way. Then it answers 503, so that clients who keep their cookie are sent elsewhere too: again until the balancer must have noticed and no request is under way. `drain.grace` in all, as time goes.
   * Resolves with what it came to, and the health path still fails; close the server then. Never rejects.
   */
  drain(): Promise<DrainResult>;
}

/** How often it looks. */
const LOOK = 50;
/** The most that is counted between two looks: in a process that was stopped nothing told the balancer anything meanwhile. */
const GAP = 1000;

export function createDrain({ health, cookie, key, drain: { grace, notice } }: Affinity, { clock = systemClock }: DrainOptions = {}): Drain {
  let inFlight = 0;
  let status: HealthStatus = 200;
  let leaving: Promise<DrainResult> | undefined;
  const clearing = key.kind === "cookie" ? `${cookie.name}=; Max-Age=0; ${cookieAttributes(cookie)}` : undefined;

  const leave = async (): Promise<DrainResult> => {
    // What was waited, not what the clock says: a wall clock is set back and forth. A busy loop wakes it late, and the platform's patience goes on meanwhile.
    let waited = 0;
    /** Until the balancer must have noticed this answer and the node is empty. */
    const answer = async (now: HealthStatus, end: Millis): Promise<void> => {
      status = now;
      for (const noticed = waited + notice; waited < end && (waited < noticed || inFlight > 0); ) {
        const step = Math.min(LOOK, end - waited);
        const before = performance.now();
        await clock.wait(step);
        waited += Math.min(GAP, Math.max(step, performance.now() - before));
      }
    };
    await answer(404, grace - notice);
    await answer(503, grace);
    return { outcome: inFlight === 0 ? "empty" : "late", inFlight };
  };

  const self: Drain = {
    get draining() {
      return leaving !== undefined;
    },
    get inFlight() {
      return inFlight;
    },
    get healthStatus() {
      return status;
    },
    get setCookie() {
      return leaving === undefined ? undefined : clearing;
    },
    begin() {
      let open = true;
      inFlight += 1;
      return () => {
        if (open) inFlight -= 1;
        open = false;
      };
    },
    async handle(request, next) {
      if (new URL(request.url).pathname === health.path) {
        return new Response(status === 200 ? "ok\n" : "draining\n", { status, headers: { "cache-control": "no-store", "content-type": "text/plain" } });
      }
      const end = self.begin();
      try {
        const response = await next();
        return untilRead(self.setCookie === undefined || isShared(response) ? response : withCookie(response, self.setCookie), end);
      } catch (error) {
        end();
        throw error;
      }
    },
    drain: () => (leaving ??= leave()),
  };
  return self;
}

/** The application lets caches hand this response to others: a cookie has no place in it. */
const isShared = ({ headers }: Response): boolean => {
  const control = headers.get("cache-control") ?? "";
  return /public|s-maxage|max-age=0*[1-9]|immutable/i.test(control) && !/private|no-store/i.test(control);
};

function withCookie(response: Response, cookie: string): Response {
  try {
    response.headers.append("set-cookie", cookie);
    return response;
  } catch {
    // The headers of a response from fetch cannot be changed.
    const changed = new Response(response.body, response);
    changed.headers.append("set-cookie", cookie);
    return changed;
  }
}
