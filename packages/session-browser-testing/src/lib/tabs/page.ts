import type { Environment } from "@holdfast/session-browser";
import type { Millis } from "@holdfast/session-protocol";
import { environmentOf } from "./environment-of.ts";
import { eventOf, Target } from "./targets.ts";
import type { Owner, Task } from "./tasks.ts";
import type { World } from "./world.ts";

interface Timer {
  /** By the monotonic clock. */
  readonly due: Millis;
  readonly work: () => void;
  /** Counts how often it was put into the row of tasks: only the last time counts. */
  turn: number;
}

/** Hidden this long, timers run once a minute (Chromium's intensive throttling). */
const INTENSIVE_AFTER: Millis = 5 * 60_000;

/** One page in one tab, from its load to its end. */
export class Page implements Owner {
  readonly name: string;
  readonly window = new Target();
  readonly cookies = new Target();
  readonly document: { visibilityState: DocumentVisibilityState; activeElement: { tagName: string } | null; baseURI: string };
  readonly environment: Environment;
  readonly channels = new Map<string, Set<(hint: unknown) => void>>();
  parked: Task[] | undefined;
  frozen = false;
  cached = false;
  gone = false;
  /** Why the browser dropped it without a word. */
  dropped: string | undefined;
  /** Timers run at multiples of this only; 0 for at once. `undefined`: as browsers do with hidden pages. */
  throttle: Millis | undefined;
  hiddenAt: Millis;
  readonly #loadedAt: Millis;
  readonly #timers = new Set<Timer>();
  readonly #world: World;

  constructor(world: World, name: string, url: string, hidden: boolean) {
    this.#world = world;
    this.name = name;
    this.#loadedAt = world.steady();
    this.hiddenAt = hidden ? world.now : Number.POSITIVE_INFINITY;
    this.document = { visibilityState: hidden ? "hidden" : "visible", activeElement: null, baseURI: url };
    this.environment = environmentOf(world, this);
  }

  /** Whether it stands still, alone or with the computer. */
  get still(): boolean {
    return this.gone || !!this.parked || !!this.#world.machine.parked;
  }

  monotonic(): Millis {
    return this.#world.steady() - this.#loadedAt;
  }

  setTimer(work: () => void, ms: Millis): () => void {
    const timer: Timer = { due: this.monotonic() + Math.max(0, ms), work, turn: 0 };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Something happens to the page, now. */
  dispatch(type: string, more?: object): void {
    this.#world.ran(this, type);
    this.window.dispatch(eventOf(type, more));
  }

  turn(to: DocumentVisibilityState): void {
    if (this.document.visibilityState === to) return;
    this.document.visibilityState = to;
    this.hiddenAt = to === "hidden" ? this.#world.now : Number.POSITIVE_INFINITY;
    for (const timer of this.#timers) this.#arm(timer);
    this.dispatch("visibilitychange");
  }

  setThrottle(every: Millis | undefined): void {
    this.throttle = every;
    for (const timer of this.#timers) this.#arm(timer);
  }

  #arm(timer: Timer): void {
    const turn = ++timer.turn;
    const left = timer.due - this.monotonic();
    const every = this.#every(left);
    const at = this.#world.now + Math.max(0, left);
    this.#world.tasks.add(every > 0 ? Math.ceil(at / every) * every : at, this, () => {
      if (timer.turn !== turn || !this.#timers.has(timer)) return false;
      // The computer slept, and the clock of the timers with it.
      if (timer.due - this.monotonic() > 0.001) return this.#arm(timer);
      this.#timers.delete(timer);
      this.#world.ran(this, "timer");
      return timer.work();
    });
  }

  #every(left: Millis): Millis {
    if (this.throttle !== undefined) return this.throttle;
    if (this.document.visibilityState !== "hidden") return 0;
    return this.#world.now + left - this.hiddenAt > INTENSIVE_AFTER ? 60_000 : 1000;
  }
}
