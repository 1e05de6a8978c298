import type { Millis } from "@holdfast/session-protocol";
import type { Jar } from "./jar.ts";
import type { Page } from "./page.ts";
import type { World } from "./world.ts";

/** What becomes of one request. Without any of it the answer comes after the usual time. */
export interface Trouble {
  /** `request`: the server never hears of it. `answer`: it does what it was asked, and the browser does not learn of it. */
  readonly lose?: "request" | "answer";
  /** Nothing ever comes back; the server may have heard of it (`lose: "answer"`) or not. */
  readonly hang?: boolean;
  /** On the way there and back, in ms. */
  readonly up?: Millis;
  readonly down?: Millis;
  /** What answers in the server's place: a proxy, a portal. */
  readonly answer?: Response;
}

/** One request on its way. */
export interface Flight {
  readonly page: Page | undefined;
  readonly request: Request;
  readonly sentAt: Millis;
  ended: boolean;
}

export interface Answerer {
  /** Answers as a server does. The request has the browser's cookies, and says that it comes from the same origin. */
  fetch(request: Request): Response | Promise<Response>;
  /** The browser's cookies, where the server can change them without a request of a page. */
  readonly jar?: Jar;
}

const unreachable = (): TypeError => new TypeError("Failed to fetch");

export class Network {
  offline = false;
  /** Asked for each request. */
  trouble: (request: Request) => Trouble | undefined = () => undefined;
  /** What a server is still busy with: time stands still for it. */
  pending: Promise<unknown> | undefined;
  /** Held here: a request that hangs is known to nobody else, and one that was collected hears of no abort. */
  readonly #flights = new Set<Flight>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** @param page `undefined` for what the browser does by itself: to load a page, to send a form */
  fetch(page: Page | undefined, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const world = this.#world;
    const request = input instanceof Request && !init ? input : new Request(input instanceof Request || !page ? input : new URL(String(input), page.document.baseURI), init);
    if (request.signal?.aborted) return Promise.reject(request.signal.reason as Error);
    const flight: Flight = { page, request, sentAt: world.now, ended: false };
    this.#flights.add(flight);
    world.watch.sent?.(flight);
    return new Promise<Response>((resolve, reject) => {
      const end = (settle: () => void): void => {
        if (flight.ended) return;
        flight.ended = true;
        this.#flights.delete(flight);
        world.watch.ended?.(flight);
        settle();
      };
      const fail = (ms: Millis, error: unknown): void => this.#deliver(page, ms, () => end(() => reject(error as Error)));
      request.signal?.addEventListener("abort", () => end(() => reject(request.signal.reason as Error)));
      const { lose, hang, answer, up = world.latency(), down = world.latency() } = this.trouble(request) ?? {};
      if (this.offline) return fail(world.hop(), unreachable());
      if (lose === "request") return hang ? undefined : fail(up, unreachable());
      if (world.jar.header) request.headers.set("cookie", world.jar.header);
      request.headers.set("sec-fetch-site", "same-origin");
      world.tasks.add(world.now + up, undefined, () => {
        // Who closed the page withdrew the request, if it was not to outlive it.
        if (request.signal?.aborted || (page?.gone && !request.keepalive)) return;
        this.#ask(request, answer, (response) => {
          if (response.type === "error") return fail(down, unreachable());
          if (lose === "answer") return hang ? undefined : fail(down, unreachable());
          world.tasks.add(world.now + down, world.machine, () => {
            if (this.offline) return end(() => reject(unreachable()));
            if (flight.ended || (page?.gone && !request.keepalive)) return;
            world.takeCookies(response.headers);
            this.#deliver(page, 0, () => {
              if (!flight.ended) world.watch.answered?.(flight, response);
              end(() => resolve(response));
            });
          });
        });
      });
    });
  }

  #ask(request: Request, given: Response | undefined, then: (response: Response) => unknown): void {
    const answer = given ?? this.#world.server.fetch(request);
    if (answer instanceof Promise) this.pending = answer.then(then);
    else then(answer);
  }

  #deliver(page: Page | undefined, ms: Millis, work: () => void): void {
    if (page) this.#world.task(page, ms, "answer", work);
    else this.#world.tasks.add(this.#world.now + ms, this.#world.machine, work);
  }
}
