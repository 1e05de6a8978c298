import type { Page } from "./page.ts";
import type { World } from "./world.ts";

interface Request {
  readonly page: Page;
  readonly grant: () => void;
}

interface Queue {
  held: Page | undefined;
  waiting: Request[];
}

/** Web Locks of one browser: exclusive, in order. A page in the back-forward cache that is in the way is dropped, as Chromium does. */
export class Locks {
  readonly #queues = new Map<string, Queue>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Who holds it. */
  holder(name: string): Page | undefined {
    return this.#queues.get(name)?.held;
  }

  request<T>(page: Page, name: string, signal: AbortSignal | undefined, work: () => T | PromiseLike<T>): Promise<T> {
    const queue = this.#queues.get(name) ?? { held: undefined, waiting: [] };
    this.#queues.set(name, queue);
    this.#world.watch.asked?.(page, name);
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let begun = false;
      const request: Request = {
        page,
        grant: () =>
          // What the browser decided reaches the page a moment later, if it runs.
          this.#world.task(page, this.#world.hop(), "lock", () => {
            if (signal?.aborted) return this.#release(name, queue, page);
            begun = true;
            this.#world.watch.granted?.(page, name);
            let going: Promise<T>;
            try {
              going = Promise.resolve(work());
            } catch (error) {
              going = Promise.reject(error as Error);
            }
            going.then(resolve, reject).finally(() => this.#release(name, queue, page));
          }),
      };
      signal?.addEventListener("abort", () => {
        queue.waiting = queue.waiting.filter((other) => other !== request);
        if (!begun) reject(signal.reason);
      });
      queue.waiting.push(request);
      this.#next(name, queue);
    });
  }

  /** Who went into the back-forward cache may be in the way. */
  cached(page: Page): void {
    for (const [name, queue] of this.#queues) if (queue.held === page) this.#next(name, queue);
  }

  /** The page is gone, and what it held and waited for with it. */
  leave(page: Page): void {
    for (const [name, queue] of this.#queues) {
      queue.waiting = queue.waiting.filter((other) => other.page !== page);
      if (queue.held === page) this.#release(name, queue, page);
    }
  }

  #release(name: string, queue: Queue, page: Page): void {
    if (queue.held !== page) return;
    queue.held = undefined;
    this.#next(name, queue);
  }

  #next(name: string, queue: Queue): void {
    const [first] = queue.waiting;
    if (!first) return;
    if (queue.held?.cached) return this.#world.drop(queue.held, "its lock was asked for");
    if (queue.held) return;
    queue.waiting.shift();
    queue.held = first.page;
    first.grant();
    if (first.page.cached) this.#next(name, queue);
  }
}
