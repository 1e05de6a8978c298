import type { Millis } from "@holdfast/session-protocol";
import { ACTIVITY, FRAME_PULSE, isInput } from "./activity.ts";
import { alike, type Shown } from "./alike.ts";
import { type Hint, type Surroundings } from "./environment.ts";
import { DRIFT, type Moment, momentOf } from "./life.ts";
import { createListeners } from "./listeners.ts";
import { LONGEST_TIMER, SECOND, type WatchOptions } from "./options.ts";
import type { Readable } from "./readable.ts";
import { readRecord, type SharedRecord } from "./record.ts";

export interface Evaluated<State> {
  readonly state: State;
  /** In how many ms it can change by itself; `undefined` when nothing counts down. */
  readonly wakeIn?: Millis | undefined;
  /** Another value means that listeners are told, though the state looks the same. */
  readonly mark?: unknown;
}

/** What an idle timer and a session client decide for themselves. */
export interface Hooks<State, Result extends Evaluated<State> = Evaluated<State>> {
  /** The decision: pure in record and moment, and in what its owner remembers. */
  evaluate(record: SharedRecord | undefined, moment: Moment): Result;
  /** The record after activity at `time`. */
  moved(record: SharedRecord, time: Millis): SharedRecord;
  /** After each look: the place to draw consequences from record and clocks. */
  looked?(evaluated: Result, record: SharedRecord | undefined, drifted: boolean): void;
  /** @param until aborts when the last listener has left */
  started?(until: AbortSignal): void;
  /** There was activity; `late`: there is time to pass on what there was. */
  acted?(late: boolean): void;
  /** Something goes on that counts as activity. */
  busy?(): boolean;
  woken?(event: Event): void;
  heard?(hint: unknown): unknown;
  changed?(state: State, before: State): void;
  /** In how many ms there is something to do that is no change of state. */
  dueIn?(): Millis;
}

/** What they have in common: the record, two clocks, the sources of events, the listeners, and one timer. */
export interface Engine<State> extends Readable<State> {
  readonly record: () => SharedRecord | undefined;
  readonly write: (record: SharedRecord) => void;
  readonly running: () => boolean;
  /** Something that counts as activity happened. */
  readonly act: () => void;
  /** Reads record and clocks again and acts on what they say. All events end here. */
  readonly look: () => State;
  readonly show: () => void;
  readonly tell: (hint: Hint) => void;
  readonly dispose: () => void;
}

const LIFECYCLE: readonly string[] = ["visibilitychange", "resume", "focus", "online", "pageshow", "storage", "blur", "message"];

export function createEngine<State extends Shown, Result extends Evaluated<State> = Evaluated<State>>(key: string, env: Surroundings, { whileWarning, frames = [] }: WatchOptions, hooks: Hooks<State, Result>): Engine<State> {
  const listeners = createListeners<State>();
  let last: State | undefined;
  let told: State | undefined;
  let marked: unknown;
  let stop: (() => void) | undefined;
  let cancel: (() => void) | undefined;
  let hints: ReturnType<Surroundings["channel"]> | undefined;
  /** By what the wall clock was ahead of the monotonic one at the record's last answer, and which answer that was. */
  let offset: Millis | undefined;
  let anchor: Millis | undefined;
  /** Last activity here: more than what the record was told. */
  let seen: Millis = 0;
  /** When something was last done here, whether it counted or not. */
  let acted: Millis = 0;

  const record = (): SharedRecord | undefined => readRecord(env.storage, key);
  const apart = (): Millis => env.now() - env.monotonic();
  /** An answer of the server, here or in another tab, is of the wall clock as it was then. Returns by what that changed since. */
  const anchored = (read: SharedRecord | undefined): Millis => {
    // One of the future is from before the clock was set back: it is that late at least, and as late as was known before.
    if (offset === undefined || read?.at !== anchor) offset = read && read.at > env.now() ? Math.max(offset ?? 0, read.at - env.monotonic()) : apart();
    anchor = read?.at;
    return apart() - offset;
  };
  const write = (next: SharedRecord): void => {
    env.storage.setItem(key, JSON.stringify(next));
    anchored(next);
  };

  const evaluate = (): Result => {
    const result = hooks.evaluate(record(), momentOf(env.now(), env.monotonic() + (offset ?? apart())));
    if (!last || !alike(last, result.state)) last = result.state;
    return { ...result, state: last };
  };
  const get = (): State => evaluate().state;
  /** 15 s, or sixtieth of a short idle time. */
  const every = ({ idleFor }: SharedRecord): Millis => Math.max(1, Math.min(15 * SECOND, idleFor / 60));

  function show(): void {
    const { state, wakeIn, mark } = evaluate();
    cancel?.();
    cancel = undefined;
    const read = record();
    // What goes on, and what was done last, is told in its turn, and not with the next event.
    const owed = read && (hooks.busy?.() || seen > read.lastActivity) ? every(read) : LONGEST_TIMER;
    if (stop && wakeIn !== undefined) cancel = env.setTimer(tick, Math.max(1, Math.min(wakeIn, LONGEST_TIMER, owed, hooks.dueIn?.() ?? LONGEST_TIMER)));
    const before = told;
    if (!before || (mark === marked && alike(before, state, true))) return;
    told = state;
    marked = mark;
    hooks.changed?.(state, before);
    listeners.tell(get);
  }

  function look(): State {
    const read = record();
    const drift = anchored(read);
    hooks.looked?.(evaluate(), read, Math.abs(drift) > DRIFT);
    show();
    return get();
  }

  function tick(): void {
    if (!("endsIn" in look())) return;
    if (hooks.busy?.()) act();
    flush();
    hooks.acted?.(true);
    show();
  }

  function act(): void {
    // A pointer makes a hundred events in a second, and each look reads the storage.
    if (Math.abs(env.now() - acted) < 250) return;
    acted = env.now();
    // First whether it is over, then whether this counts: the first movement after a sleep must not revive anything.
    const state = look();
    if (!("endsIn" in state) || (state.status === "warning" && whileWarning === "ask" && !hooks.busy?.())) return;
    seen = acted;
    flush(every);
    hooks.acted?.(false);
    show();
  }

  /** Activity goes to the record at most so often; the rest when there is time or the page goes. */
  function flush(every: (read: SharedRecord) => Millis = () => 1): void {
    const read = record();
    // A moment in the future is of a clock that was set back since: it would count for ever.
    seen = Math.min(seen, env.now());
    if (read && seen - read.lastActivity >= every(read)) write(hooks.moved(read, seen));
  }

  function happened(event: Event & { readonly key?: string | null; readonly data?: unknown; readonly origin?: string }): void {
    const { type, isTrusted, data, origin = "" } = event;
    if (ACTIVITY.includes(type)) return void (isInput(event) && act());
    if (type === "message") return void (data === FRAME_PULSE && frames.includes(origin) && act());
    // The focus went into a frame: by a click or a key, or by a script of this page, which is trusted. Browsers name the element only after the event.
    if (type === "blur") return void (isTrusted && env.setTimer(() => env.page?.document.activeElement?.tagName === "IFRAME" && act(), 0));
    if ((event.key ?? key) !== key) return;
    if (env.page?.document.visibilityState === "hidden") flush();
    // To come back is no activity, and to go is none.
    look();
    hooks.woken?.(event);
  }

  const open = (): NonNullable<typeof hints> =>
    (hints ??= env.channel(key, (hint) => {
      hooks.heard?.(hint);
      look();
    }));

  function close(): void {
    hints?.close();
    hints = undefined;
  }

  function tell(hint: Hint): void {
    if (!env.page) return;
    open().post(hint);
    // Where nothing listens the channel is there from the question who saves to the last word.
    if (!stop && hint === "over") close();
  }

  function start(): void {
    if (!env.page) return;
    const controller = new AbortController();
    open();
    // No `unload`: the page stays cacheable.
    for (const type of [...ACTIVITY, ...LIFECYCLE]) env.page.window.addEventListener(type, happened, { passive: true, capture: true, signal: controller.signal });
    stop = () => controller.abort();
    told = look();
    marked = evaluate().mark;
    hooks.started?.(controller.signal);
  }

  function dispose(): void {
    stop?.();
    cancel?.();
    close();
    stop = cancel = undefined;
    listeners.clear();
  }

  function listen(listener: (state: State) => void): () => void {
    const remove = listeners.add(listener);
    if (!stop) start();
    // A moment later: where one component makes room for the next, or React mounts twice, the work goes on and nobody asks again.
    return () => void (remove() && queueMicrotask(() => listeners.size() || dispose()));
  }

  return {
    get,
    listen,
    subscribe(listener) {
      const end = listen(listener);
      try {
        listener(get());
      } catch (error) {
        end();
        throw error;
      }
      return end;
    },
    record,
    write,
    running: () => !!stop,
    act,
    look,
    show,
    tell,
    dispose,
  };
}
