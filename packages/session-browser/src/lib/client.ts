import { DEFAULT_BASE, type Millis, type SessionDeadlines, type SessionView } from "@holdfast/session-protocol";
import { browserEnvironment, type Environment, memoryStorage } from "./environment.ts";
import { type ClientOptions, LEAST_WARNING, warningOf } from "./options.ts";
import { readRecord, type SharedRecord, touchDueAt, withDeadlines } from "./record.ts";
import type { LogoutScope, SessionClient } from "./session-client.ts";
import { ask, finishLogout, pendingLogout, sendLogout } from "./server.ts";
import { type FetchOptions, sessionFetch } from "./session-fetch.ts";
import { listenTo } from "./sources.ts";
import { type Action, type ClientState, initialModel, looksOf, reduce, stateOf } from "./state.ts";

/** Input this recent means that a user is behind a request. */
const PRESENT_FOR: Millis = 10_000;
/** Wall and monotonic clock may differ by this much before the server is asked. */
const DRIFT: Millis = 2000;
/** What happens by itself asks the server at most this often. */
const ASK_EVERY: Millis = 5000;
const SECOND: Millis = 1000;
/** Timers only make things prompt; each one looks at the clock again, so none needs to be long. */
const LONGEST_TIMER: Millis = 60 * SECOND;

/** @throws RangeError for a warning shorter than 20 s */
export function createSessionClient(options: ClientOptions = {}): SessionClient {
  return new Client(options);
}

class Client implements SessionClient {
  readonly #base: string;
  readonly #key: string;
  readonly #warning: Millis;
  readonly #ask: boolean;
  readonly #given: Partial<Environment>;
  #environment: Environment | undefined;
  #model = initialModel;
  readonly #listeners = new Set<(state: ClientState) => void>();
  readonly #over = new Set<string>();
  #stop: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #later: (() => void) | undefined;
  #hint: () => void = () => undefined;
  #refreshing: Promise<ClientState> | undefined;
  #touching: Promise<boolean> | undefined;
  #shown = "";
  #present: Millis = Number.NEGATIVE_INFINITY;
  /** By the monotonic clock. */
  #askedAt: Millis = Number.NEGATIVE_INFINITY;
  #clocks: { readonly wall: Millis; readonly steady: Millis } | undefined;

  constructor(options: ClientOptions) {
    const { base = DEFAULT_BASE, whileWarning, environment = {} } = options;
    this.#base = base;
    this.#key = `session:${base}`;
    this.#warning = warningOf(options);
    this.#ask = whileWarning === "ask";
    this.#given = environment;
  }

  get(): ClientState {
    return stateOf(this.#model, this.#record(), this.#env().now(), this.#warnBefore());
  }

  listen(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#stop) this.#start();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.dispose();
    };
  }

  subscribe(listener: (state: ClientState) => void): () => void {
    const end = this.listen(listener);
    listener(this.get());
    return end;
  }

  refresh(): Promise<ClientState> {
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  extend(): Promise<boolean> {
    return (this.#touching ??= this.#touch().finally(() => (this.#touching = undefined)));
  }

  fetch(input: RequestInfo | URL, init: FetchOptions = {}): Promise<Response> {
    return sessionFetch(this.#env(), input, init, {
      present: () => this.#env().now() - this.#present < PRESENT_FOR,
      deadlines: (deadlines, sentAt) => this.#learn(deadlines, sentAt),
      expired: () => void (this.#model.view?.state !== "none" && this.refresh()),
    });
  }

  async logout({ scope = "this" }: { readonly scope?: LogoutScope } = {}): Promise<boolean> {
    if (scope === "others") return sendLogout(this.#env(), this.#base, scope);
    this.#save(pendingLogout(this.#key), scope);
    this.#end("logout");
    return finishLogout(this.#env(), this.#key, this.#base);
  }

  dispose(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#cancel?.();
    this.#later?.();
    this.#cancel = this.#later = undefined;
    this.#listeners.clear();
  }

  #env(): Environment {
    return (this.#environment ??= { ...browserEnvironment(), ...this.#given });
  }

  /** A full or forbidden storage costs the sharing between tabs, not the session. */
  #save(key: string, item: SharedRecord | string): void {
    const value = typeof item === "string" ? item : JSON.stringify(item);
    try {
      this.#env().storage.setItem(key, value);
    } catch {
      this.#environment = { ...this.#env(), storage: memoryStorage() };
      this.#env().storage.setItem(key, value);
    }
  }

  /** For questions that nobody asked for: not more often than is decent. */
  #askSoon(): void {
    const wait = this.#askedAt + ASK_EVERY - this.#env().monotonic();
    this.#later ??= this.#env().setTimer(() => {
      this.#later = undefined;
      void this.refresh();
    }, Math.max(1, wait));
  }

  #record(): SharedRecord | undefined {
    return readRecord(this.#env().storage, this.#key);
  }

  /** No longer than half of what there is, so that a short session is not all warning; never too short to act. */
  #warnBefore(): Millis {
    const idleFor = this.#record()?.idleFor ?? Number.POSITIVE_INFINITY;
    return Math.max(Math.min(this.#warning, idleFor / 2), Math.min(LEAST_WARNING, idleFor * 0.75));
  }

  #start(): void {
    const { page, channel } = this.#env();
    const hints = channel(this.#key, () => this.#look());
    this.#hint = () => hints.post();
    const stop = page && listenTo(page, { activity: () => this.#active(), wake: (certain) => this.#wake(certain), stored: (key) => void ((key === this.#key || key === null) && this.#look()) });
    this.#stop = () => {
      stop?.();
      hints.close();
    };
    void finishLogout(this.#env(), this.#key, this.#base).then(() => this.refresh());
  }

  async #refresh(): Promise<ClientState> {
    this.#askedAt = this.#env().monotonic();
    const answer = await ask(this.#env(), this.#base, "GET");
    // "refused": no answer of this route says that; it comes from something in front of it.
    if (!answer || answer === "refused") this.#apply({ type: "unreachable" });
    else this.#answered(answer.view, answer.sentAt);
    return this.get();
  }

  async #touch(): Promise<boolean> {
    this.#askedAt = this.#env().monotonic();
    const answer = await ask(this.#env(), `${this.#base}/touch`, "POST");
    if (answer === "refused") {
      await this.refresh();
      return false;
    }
    if (answer) this.#answered(answer.view, answer.sentAt);
    else this.#apply({ type: "unreachable" });
    return answer !== undefined;
  }

  #answered(view: SessionView, sentAt: Millis): void {
    const record = this.#record();
    if (view.state === "active") {
      // An answer that was under way while this browser signed out must not bring the session back.
      if (this.#isOver(view.epoch)) return;
      this.#save(this.#key, withDeadlines(record, { idle: view.idleIn, absolute: view.expiresIn, epoch: view.epoch }, sentAt, this.#env().now()));
    } else {
      this.#forget();
      // Left by a page that never learned of the end; but not one that another tab wrote after this question was asked.
      if (record && record.at <= sentAt) this.#env().storage.removeItem(this.#key);
    }
    this.#apply({ type: "answered", view });
  }

  /** Deadlines from an answer to the application. They move the record of the session we know; another one is asked about. */
  #learn(deadlines: SessionDeadlines, sentAt: Millis): void {
    const { view } = this.#model;
    if (this.#isOver(deadlines.epoch)) return;
    if (!view || view.state === "none" || view.epoch !== deadlines.epoch) return void this.refresh();
    const record = this.#record();
    if (view.state !== "active" || record?.epoch !== deadlines.epoch) return;
    this.#save(this.#key, withDeadlines(record, deadlines, sentAt, this.#env().now()));
    this.#look();
  }

  #active(): void {
    const time = this.#env().now();
    // First whether it is over, then whether this counts: the first movement after a sleep must not revive anything.
    const state = this.#look();
    if (state.status !== "active" && state.status !== "warning" && state.status !== "offline") return;
    if (state.status === "warning" && this.#ask) return;
    this.#present = time;
    const record = this.#record();
    if (!record || time - record.lastActivity < Math.min(15 * SECOND, record.idleFor / 60)) return;
    this.#save(this.#key, { ...record, lastActivity: time });
    this.#touchIfDue();
    this.#show();
  }

  #touchIfDue(): void {
    const dueAt = touchDueAt(this.#record());
    if (dueAt === undefined || this.#env().monotonic() - this.#askedAt < SECOND) return;
    if (this.#env().now() >= dueAt || this.get().status === "warning") void this.extend();
  }

  #wake(certain: boolean): void {
    const state = this.#look();
    void finishLogout(this.#env(), this.#key, this.#base);
    const record = this.#record();
    const stale = record === undefined || this.#env().now() - record.at > LONGEST_TIMER;
    if (certain || (stale && state.status !== "none")) void this.refresh();
  }

  /** Reads record and clocks again and acts on what they say. All events end here. */
  #look(): ClientState {
    const { now, monotonic } = this.#env();
    const clocks = { wall: now(), steady: monotonic() };
    const before = this.#clocks;
    this.#clocks = clocks;
    const drift = before ? clocks.wall - before.wall - (clocks.steady - before.steady) : 0;
    const state = this.get();
    const { view, ended } = this.#model;
    const record = this.#record();
    if (view?.state === "active" && !ended) {
      if (!record) this.#end("logout", false);
      else if (record.epoch !== view.epoch) this.#askSoon();
      else if (state.status === "idle" || state.status === "expired") {
        this.#apply({ type: "ended", reason: state.reason });
        void this.refresh();
      } else if (Math.abs(drift) > DRIFT) void this.refresh();
    } else if (record && record.epoch !== (view?.state === "active" ? view.epoch : "")) {
      // Another tab signed in.
      this.#askSoon();
    }
    this.#show();
    return this.get();
  }

  #end(reason: "logout", tell = true): void {
    this.#forget();
    if (tell) this.#hint();
    this.#apply({ type: "ended", reason });
  }

  /** Another tab may have signed out while this one was asking and knew of nothing yet. */
  #isOver(epoch: string): boolean {
    return this.#over.has(epoch) || this.#env().storage.getItem(`${this.#key}:over`) === epoch;
  }

  /** The record goes, and this epoch never comes back. */
  #forget(): void {
    const { view } = this.#model;
    if (view?.state !== "active") return;
    this.#over.add(view.epoch);
    this.#save(`${this.#key}:over`, view.epoch);
    if (this.#record()?.epoch === view.epoch) this.#env().storage.removeItem(this.#key);
  }

  #apply(action: Action): void {
    this.#model = reduce(this.#model, action);
    this.#show();
  }

  #show(): void {
    const state = this.get();
    const shown = looksOf(state);
    this.#schedule(state);
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const listener of this.#listeners) listener(state);
  }

  #schedule(state: ClientState): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#stop || !("endsIn" in state)) return;
    const { now, monotonic, setTimer } = this.#env();
    const warnIn = state.endsIn - this.#warnBefore();
    const next = state.status === "warning" ? state.endsIn % SECOND || SECOND : warnIn > 0 ? warnIn : state.endsIn;
    const dueAt = touchDueAt(this.#record());
    const touchIn = dueAt === undefined ? next : Math.max(dueAt - now(), this.#askedAt + ASK_EVERY - monotonic());
    this.#cancel = setTimer(() => {
      this.#touchIfDue();
      this.#look();
    }, Math.max(1, Math.min(next, touchIn, LONGEST_TIMER)));
  }
}
