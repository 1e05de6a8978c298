import { DEFAULT_BASE, type EndedReason, type Millis, type SessionDeadlines } from "@holdfast/session-protocol";
import { alone } from "./alone.ts";
import { cameBack } from "./came-back.ts";
import type { ClientEvent } from "./client-event.ts";
import type { ClientState } from "./client-state.ts";
import { createEngine, type Engine } from "./engine.ts";
import { environmentOf } from "./environment.ts";
import { createFlights } from "./flights.ts";
import { isAbout } from "./hint-cookie.ts";
import { createHolds } from "./holds.ts";
import { answeredBy, type Decided, epochOf, evaluate, initialOf, type Known } from "./known.ts";
import { type Answer, type Answered, createLink } from "./link.ts";
import type { Moment } from "./life.ts";
import { createListeners } from "./listeners.ts";
import { createLogouts } from "./logout.ts";
import { type ClientOptions, leaveWithinOf, LONGEST_TIMER, SECOND, warningOf } from "./options.ts";
import { createPartings } from "./partings.ts";
import { endEpoch, endOf, recordOf, type SharedRecord, touchDueAt, withDeadlines } from "./record.ts";
import type { SessionClient } from "./session-client.ts";
import { sessionFetch } from "./session-fetch.ts";
import { waitFor } from "./wait-for.ts";

/** Input this recent means that a user is behind a request. */
const PRESENT_FOR: Millis = 10_000;

/** @throws RangeError for a warning shorter than 20 s, and for a `leaveWithin` that is not between 0 and 10 s */
export function createSessionClient<Data = unknown>(options: ClientOptions = {}): SessionClient<Data> {
  const { base = DEFAULT_BASE, hintCookie } = options;
  const env = environmentOf(options.environment);
  const key = `session:${base}`;
  const warnBefore = warningOf(options);
  let known: Known = {};
  /** Counts sign-outs here: what was asked before one is not believed after it. */
  let generation = 0;
  /** An answer this old serves; infinite when somebody wants to know for himself. */
  let needed: Millis = 0;
  let tellFrom: Millis = 0;
  let touching: Promise<boolean> | undefined;
  let later: (() => void) | undefined;
  let present: Millis = -PRESENT_FOR;
  let hydrated = false;
  /** The session that holds are for, as long as nobody says that it is over: a storage that was emptied does not. */
  let held = "";
  let first: ClientState = { status: "none", known: false };
  let drifting = false;
  const over = new Set<string>();
  const events = createListeners<ClientEvent>();

  const engine: Engine<ClientState> = createEngine<ClientState, Decided>(key, env, options, {
    evaluate: decide,
    moved: (record, lastActivity) => ({ ...record, lastActivity }),
    looked({ state, step: { over, lost, ask, soon } }, record, drifted) {
      if (over) apply({ ended: over });
      if (over && !record) generation++;
      if (lost) known = {};
      if (soon) askSoon();
      if (ask || (drifted && !drifting && epochOf(known))) void demand();
      drifting = drifted;
      partings.near(state);
    },
    started(signal) {
      if (hintCookie) env.cookies?.addEventListener("change", (event) => isAbout(event, hintCookie) && void demand(), { signal });
      if (!(hydrated && known.view) || logouts.waiting()) void refresh();
      hydrated = false;
      signal.addEventListener("abort", calm);
    },
    acted(late) {
      if (!late) present = env.monotonic();
      if (touchIn(late) <= 0) void touch(engine.record()?.lastActivity ?? 0);
    },
    busy: () => holds.some(),
    woken(event) {
      const { type } = event;
      if (type === "resume" || (type === "pageshow" && (event as PageTransitionEvent).persisted)) {
        apply({ unsure: env.now() });
        return emit({ type: "restored", checked: demand() });
      }
      const stale = engine.get().status !== "none" && env.now() - ((engine.record() ?? known).at ?? 0) > LONGEST_TIMER;
      if (type === "online" || (!hidden() && type !== "storage" && (known.offline || stale || logouts.waiting()))) {
        if (hidden() || link.pause(true) > 0) askSoon(true);
        else void demand(lately());
      }
    },
    // A record that is still there after "over": the storage was full, or it is another session's.
    heard: (hint) => (partings.heard(hint), hint === "over" && engine.record() && void demand()),
    changed: (state, before) => state.status !== before.status && emit({ type: "status", state, before }),
    dueIn: () => Math.max(SECOND, touchIn(true)),
  });
  const link = createLink(env, base);
  const logouts = createLogouts(env, key, link);
  const holds = createHolds(env, (reason, until) => emit({ type: "held", reason, until }));
  const partings = createPartings(env, key, leaveWithinOf(options), engine.tell);
  const flights = createFlights(question, env.now);
  const emit = (event: ClientEvent): void => void events.tell(() => event);
  /** A moment in the future is of a clock that was set back since. */
  const isLater = (time: Millis, than: Millis): boolean => time > than && time <= env.now();
  const hidden = (): boolean => env.page?.document.visibilityState === "hidden";
  /** What wakes this tab wakes others too: their answer to the same question will do. */
  const lately = (): Millis => env.now() - SECOND;

  function decide(record: SharedRecord | undefined, moment: Moment): Decided {
    return evaluate(known, record, moment, warnBefore, record ? undefined : endOf(env.storage, key, epochOf(known)));
  }

  /** In how many ms the server should hear of activity. In a warning at once, else now and then; tabs that nobody looks at leave it to the others first. */
  function touchIn(late: boolean): Millis {
    const dueAt = touchDueAt(engine.record(), env.now());
    if (dueAt === undefined || touching) return LONGEST_TIMER;
    const wait = engine.get().status === "warning" ? 0 : dueAt - env.now() + (late && hidden() ? 2 * SECOND : 0);
    return Math.max(wait, link.pause());
  }

  function apply(change: Known): void {
    known = { ...known, ...change };
    engine.show();
    if (known.ended || (held && known.view && held !== epochOf(known))) holds.clear();
    if (known.view) held = epochOf(known);
  }

  /** Another tab may have signed out while this one was asking and knew of nothing yet. */
  const isOver = (epoch: string): boolean => over.has(epoch) || !!endOf(env.storage, key, epoch);

  function forget(epoch: string, reason: EndedReason): void {
    if (!epoch) return;
    over.add(epoch);
    endEpoch(env.storage, key, epoch, reason);
  }

  /** A question that somebody asked: answered from now on, or by one of this tab that was sent since. */
  function refresh(since = Infinity): Promise<ClientState> {
    needed = Infinity;
    return flights.join(since).then(engine.get);
  }

  /** A question that arose by itself: another tab's answer from now on serves as well. None that is there, also where the clock was set back since. */
  function demand(since: Millis = Math.max(env.now(), engine.record()?.at ?? 0)): Promise<ClientState> {
    needed = Math.max(needed, since);
    return flights.join(since).then(engine.get);
  }

  /** Tells the server of activity, with a question of its own. `true` when it has heard of what there was at `since`, from whatever tab. */
  function touch(since: Millis): Promise<boolean> {
    tellFrom = Math.max(tellFrom, since);
    return (touching ??= flights.fresh().finally(() => {
      touching = undefined;
      tellFrom = 0;
      // There may have been activity meanwhile, to be told in its turn.
      engine.show();
    }));
  }

  /** The same, but not more often than is decent. */
  function askSoon(urgent = false): void {
    if (!engine.running()) return;
    const wait = link.pause(urgent) + (hidden() ? 3 * SECOND * env.random() : 0);
    later ??= env.setTimer(() => {
      later = undefined;
      void demand(lately());
    }, Math.min(Math.max(1, wait), 1e9));
  }

  function question(): Promise<boolean> {
    const before = generation;
    // Nobody knows of a first question, so nobody else's answer can serve.
    return epochOf(known) ? alone(env, key, answer) : answer();

    async function answer(): Promise<boolean> {
      const record = engine.record();
      const same = record?.epoch === epochOf(known) && !known.ended && !logouts.waiting();
      const wanted = needed;
      const due = tellFrom > 0 && !(same && isLater(record.toldAt, tellFrom - 1));
      let tells = due;
      needed = 0;
      if (same && !tells && isLater(record.at, wanted)) return reached(record.at);
      let got = await ask(tells);
      // A 401 does not say how the session stands, and a sign-out that waits comes first.
      if (got ? await logouts.finish(got) : got === null && tells) got = await ask((tells = false));
      if (before !== generation) return false;
      // Refused: no answer to the question itself says that; it comes from something in front of it.
      if (!got) {
        needed ||= wanted;
        return unreachable();
      }
      answered(got, tells);
      return due === tells && got.view.state === "active";
    }
  }

  async function ask(tells: boolean): Promise<Answer> {
    const answer = await link.ask(tells ? "/touch" : "");
    emit({ type: "asked", question: tells ? "touch" : "view", outcome: answer ? "answered" : answer === null ? "refused" : "unreachable" });
    return answer;
  }

  /** What a later question was for is known by now. */
  const calm = (): void => void (later = void later?.());

  /** An answer to a question from before the page came back leaves the doubt. */
  function reached(sentAt: Millis, change?: Known): true {
    calm();
    apply({ ...change, at: sentAt, offline: false, unsure: isLater(known.unsure as Millis, sentAt) && known.unsure });
    return true;
  }

  function unreachable(): false {
    apply({ offline: true });
    askSoon();
    return false;
  }

  function answered({ view, sentAt }: Answered, told = false): void {
    const record = engine.record();
    // The server may no longer know why: this tab saw it happen, or knows it by its clocks.
    const { reason: ended } = engine.get() as { readonly reason?: EndedReason };
    const next = answeredBy({ ...known, ended }, view);
    if (view.state === "active") {
      // An answer that was under way while this browser signed out must not bring the session back.
      if (isOver(view.epoch)) return;
      engine.write(recordOf(record, view, sentAt, env.now(), told));
    } else {
      forget(epochOf(known), next.ended || "revoked");
      // Left by a page that never learned of the end; but not one that another tab wrote after this question was asked.
      if (record && !isLater(record.at, sentAt)) env.storage.removeItem(key);
    }
    reached(sentAt, next);
  }

  /** Deadlines from an answer to the application. They move the record of the session we know; another one is asked about. */
  function learn(deadlines: SessionDeadlines, sentAt: Millis, told: boolean): void {
    const { view } = known;
    if (isOver(deadlines.epoch)) return;
    if (!view || view.state === "none" || view.epoch !== deadlines.epoch) return void refresh();
    const record = engine.record();
    if (view.state !== "active" || record?.epoch !== deadlines.epoch) return;
    engine.write(withDeadlines(record, deadlines, sentAt, env.now(), told));
    reached(sentAt);
    engine.look();
  }

  return {
    ...engine,
    remaining() {
      const state = engine.get();
      return "endsIn" in state ? { idle: state.idleAt - env.now(), absolute: state.absoluteAt - env.now() } : undefined;
    },
    initial: () => first,
    hydrate(view) {
      first = initialOf(view, env.now(), warnBefore);
      // A view of any age: the server is asked first.
      if ((!known.view && cameBack()) || (env.page && env.monotonic() > LONGEST_TIMER)) return void (engine.running() && demand());
      // It cannot be older than the navigation that brought it.
      answered({ view, sentAt: env.now() - (env.page ? env.monotonic() : 0) });
      hydrated = true;
    },
    refresh: ({ signal } = {}) => waitFor(refresh, signal),
    // A millisecond later than what was told just now: that was not this.
    extend: ({ signal } = {}) => waitFor(() => touch(env.now() + 1), signal),
    fetch: (input, init = {}) =>
      sessionFetch(env, link, input, init, {
        // Nobody listens to the user: then nothing is known, and nothing is said.
        present: () => !engine.running() || env.monotonic() - present < PRESENT_FOR || holds.some(),
        deadlines: learn,
        expired: (sentAt) => void (known.ended || known.view?.state === "none" || demand(sentAt)),
        renew: refresh,
      }),
    async logout({ scope = "this" } = {}) {
      const all = scope !== "others";
      const saving = all && partings.leave();
      // Where nobody ever saved, this browser is signed out before this function returns.
      if (saving) await saving;
      const epoch = engine.record()?.epoch ?? epochOf(known);
      const leave = (): void => (forget(epoch, "logout"), engine.tell("over"));
      const sent = logouts.send(scope, epoch);
      if (all) {
        generation++;
        leave();
        apply({ ended: "logout" });
      }
      const outcome = await sent;
      // Once more: the server may have had the storage cleared, and other tabs asked before it knew.
      if (all) leave();
      emit({ type: "asked", question: "logout", outcome: outcome === "pending" ? "unreachable" : outcome === "done" ? "answered" : "refused" });
      if (outcome === "pending") unreachable();
      return outcome;
    },
    hold(reason, { max }) {
      const release = holds.add(reason, max);
      engine.act();
      // Of the events of one moment only the first is looked at, and a click came just before.
      engine.show();
      return release;
    },
    beforeLogout: partings.add,
    on: (type, listener) => events.add((event) => event.type === type && listener(event as never)),
    dispose: () => (engine.dispose(), events.clear()),
  } as SessionClient<Data>;
}
