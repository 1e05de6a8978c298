import type { Millis, Seconds } from "@holdfast/session-protocol";
import { createEngine } from "./lib/engine.ts";
import { surroundings } from "./lib/environment.ts";
import { lifeOf } from "./lib/life.ts";
import { SECOND, warningOf, type WatchOptions } from "./lib/options.ts";
import type { Readable } from "./lib/readable.ts";
import type { SharedRecord } from "./lib/record.ts";

export type { Hint, Page, Surroundings } from "./lib/environment.ts";
export type { Readable } from "./lib/readable.ts";

export interface IdleOptions extends WatchOptions {
  /** End after this long without activity in any tab, in ms. `Infinity` for never. */
  readonly idle: Millis;
  /** End after this long whatever happens, in ms. Default `Infinity`: never. */
  readonly absolute?: Millis;
  /** Timers of the same name are one timer in all tabs of the origin. Default `idle`. */
  readonly name?: string;
}

/**
 * - `none`: not started in this browser, or ended by `end()` in any tab.
 * - `active`, `warning`: alive. `endsIn` is the time left by the limit `by` when this state was made, in ms; during a warning that is each second.
 * - `idle`, `expired`: over, by inactivity or by the absolute limit. Also after a reload, until `start()`.
 */
export type IdleState =
  | { readonly status: "none" }
  | { readonly status: "active" | "warning"; readonly by: "idle" | "absolute"; readonly endsIn: Millis; readonly idleAt: Millis; readonly absoluteAt: Millis }
  | { readonly status: "idle" | "expired" };

export interface IdleTimer extends Readable<IdleState> {
  /** The options `idle` and `absolute` in seconds, for the dialog's check. */
  readonly limits: { readonly idleFor: Seconds; readonly expiresIn: Seconds };
  /** Begins to count, in all tabs. A timer that runs already goes on; one that is over begins anew. Call it when somebody signs in. */
  start(): void;
  /** I am still here: the one action of the warning. `false` when it is over. */
  extend(): boolean;
  /** Stops counting, in all tabs. Call it when somebody signs out. */
  end(): void;
  dispose(): void;
}

/** In the record there is no infinity. */
const NEVER: Millis = 1e15;
const finite = (ms: Millis): Millis => Math.min(ms, NEVER);

/**
 * An idle timer without a server: activity in any tab is activity in all, it survives reloads, and neither sleep nor crashed tabs, a stopped timer or the
 * back-forward cache make it miss its end. It protects the screen only; what the session may do is the server's to decide.
 *
 * @throws RangeError for an idle time that is no positive number, and for a warning shorter than 20 s
 */
export function createIdleTimer(options: IdleOptions): IdleTimer {
  const { name = "idle" } = options;
  const idle = finite(options.idle);
  const absolute = finite(options.absolute ?? NEVER);
  if (!(idle > 0 && absolute > 0)) throw new RangeError("idle, absolute: above 0 ms.");
  const key = `idle:${name}`;
  const warnBefore = warningOf(options);
  const moved = (record: SharedRecord, time: Millis): SharedRecord => ({ ...record, lastActivity: time, idleAt: time + idle, at: time });
  const env = surroundings(options.environment);
  const { now, storage } = env;
  const { get, listen, subscribe, record, write, look, show, tell, dispose } = createEngine<IdleState>(key, env, options, {
    evaluate(record, moment) {
      if (!record) return { state: { status: "none" } };
      const { idleAt, absoluteAt } = record;
      const life = lifeOf(record, moment, warnBefore);
      if (life.over) return { state: { status: life.over === "idle" ? "idle" : "expired" } };
      const { status, by, endsIn, wakeIn } = life;
      return { state: { status, by, endsIn, idleAt, absoluteAt }, wakeIn };
    },
    moved,
  });
  const lives = (): boolean => "endsIn" in look();
  return {
    get,
    listen,
    subscribe,
    limits: { idleFor: idle / SECOND, expiresIn: absolute / SECOND },
    start() {
      const at = now();
      if (!lives()) write({ epoch: `${at}`, lastActivity: at, idleAt: at + idle, absoluteAt: at + absolute, idleFor: idle, at, toldAt: at });
      look();
    },
    extend() {
      const before = lives() && record();
      if (before) write(moved(before, now()));
      show();
      return !!before;
    },
    end() {
      storage.removeItem(key);
      tell("over");
      show();
    },
    dispose,
  };
}
