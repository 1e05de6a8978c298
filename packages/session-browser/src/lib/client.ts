import { DEFAULT_BASE, type Millis, type SessionDeadlines, type SessionView } from "@holdfast/session-protocol";
import { browserEnvironment, type Environment, resilient } from "./environment.ts";
import { Flights } from "./flights.ts";
import { Listeners } from "./listeners.ts";
import { type ClientOptions, DRIFT, LONGEST_TIMER, pauseAfter, PRESENT_FOR, SECOND, warningOf } from "./options.ts";
import { endEpoch, readRecord, type SharedRecord, touchDueAt, wasEnded, withDeadlines } from "./record.ts";
import type { LogoutScope, SessionClient } from "./session-client.ts";
import { nextLookIn, warningFor } from "./schedule.ts";
import { ask, dropLogout, finishLogout, forgetLogout, rememberLogout, sendLogout } from "./server.ts";
import { type FetchOptions, sessionFetch } from "./session-fetch.ts";
import { listenTo } from "./sources.ts";
import { type Action, type ClientState, initialModel, looksOf, reduce, stateOf, stepFor } from "./state.ts";

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
  readonly #listeners = new Listeners<ClientState>();
  readonly #over = new Set<string>();
  #stop: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #later: (() => void) | undefined;
  #hint: () => void = () => undefined;
  readonly #flights = new Flights(() => this.#refresh(), () => this.#env().now());
  /** Counts sign-outs here: what was asked before one is not believed after it. */
  #generation = 0;
  #failures = 0;
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
    const record = this.#record();
    return stateOf(this.#model, record, this.#env().now(), warningFor(record, this.#warning));
  }

  listen(listener: (state: ClientState) => void): () => void {
    const remove = this.#listeners.add(listener);
    if (!this.#stop) this.#start();
    return () => {
      if (remove() && this.#listeners.size === 0) this.dispose();
    };
  }

  subscribe(listener: (state: ClientState) => void): () => void {
    const end = this.listen(listener);
    listener(this.get());
    return end;
  }

  refresh(): Promise<ClientState> {
    return this.#flights.fresh();
  }

  extend(): Promise<boolean> {
    return (this.#touching ??= this.#touch().finally(() => (this.#touching = undefined)));
  }

  fetch(input: RequestInfo | URL, init: FetchOptions = {}): Promise<Response> {
    return sessionFetch(this.#env(), input, init, {
      // Nobody listens to the user: then nothing is known, and nothing is said.
      present: () => !this.#stop || this.#env().monotonic() - this.#present < PRESENT_FOR,
      deadlines: (deadlines, sentAt, present) => this.#learn(deadlines, sentAt, present),
      expired: (sentAt) => void (this.#model.view?.state !== "none" && this.#flights.join(sentAt)),
    });
  }

  async logout({ scope = "this" }: { readonly scope?: LogoutScope } = {}): Promise<boolean> {
    const environment = this.#env();
    if (scope === "others") return sendLogout(environment, this.#base, scope);
    const epoch = this.#epoch() || (this.#record()?.epoch ?? "");
    const wider = rememberLogout(environment, this.#key, scope, epoch);
    this.#generation++;
    this.#end("logout");
    const done = await sendLogout(environment, this.#base, wider);
    if (done) forgetLogout(environment, this.#key);
    return done;
  }

  dispose(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#cancel?.();
    this.#later?.();
    this.#cancel = this.#later = undefined;
    this.#hint = () => undefined;
    this.#listeners.clear();
  }

  #env(): Environment {
    if (this.#environment) return this.#environment;
    const environment = { ...browserEnvironment(), ...this.#given };
    return (this.#environment = { ...environment, storage: resilient(environment.storage) });
  }

  /** For questions that nobody asked for: not more often than is decent. */
  #askSoon(): void {
    if (!this.#stop) return;
    const wait = this.#askedAt + pauseAfter(this.#failures) - this.#env().monotonic();
    this.#later ??= this.#env().setTimer(() => {
      this.#later = undefined;
      void this.refresh();
    }, Math.max(1, wait));
  }

  readonly #write = (record: SharedRecord): void => this.#env().storage.setItem(this.#key, JSON.stringify(record));

  readonly #record = (): SharedRecord | undefined => readRecord(this.#env().storage, this.#key);

  #start(): void {
    const { page, channel } = this.#env();
    if (!page) return;
    const hints = channel(this.#key, () => this.#look());
    this.#hint = () => hints.post();
    const stop = listenTo(page, { activity: () => this.#active(), wake: (certain) => this.#wake(certain), stored: (key) => void ((key === this.#key || key === null) && this.#look()) });
    this.#stop = () => {
      stop();
      hints.close();
    };
    void finishLogout(this.#env(), this.#key, this.#base).then(() => this.refresh());
  }

  async #refresh(): Promise<ClientState> {
    this.#askedAt = this.#env().monotonic();
    const generation = this.#generation;
    const answer = await ask(this.#env(), this.#base, "GET");
    if (generation !== this.#generation) return this.get();
    // "refused": no answer of this route says that; it comes from something in front of it.
    if (!answer || answer === "refused") this.#unreachable();
    else this.#answered(answer.view, answer.sentAt);
    return this.get();
  }

  #unreachable(): void {
    this.#failures++;
    this.#apply({ type: "unreachable" });
  }

  async #touch(): Promise<boolean> {
    this.#askedAt = this.#env().monotonic();
    const generation = this.#generation;
    const answer = await ask(this.#env(), `${this.#base}/touch`, "POST");
    if (generation !== this.#generation) return false;
    if (answer === "refused") {
      await this.refresh();
      return false;
    }
    if (answer) this.#answered(answer.view, answer.sentAt, true);
    else this.#unreachable();
    return answer?.view.state === "active";
  }

  #answered(view: SessionView, sentAt: Millis, told = false): void {
    this.#failures = 0;
    const record = this.#record();
    if (view.state === "active") {
      // An answer that was under way while this browser signed out must not bring the session back.
      if (this.#isOver(view.epoch)) return;
      this.#write(withDeadlines(record, { idle: view.idleIn, absolute: view.expiresIn, epoch: view.epoch }, sentAt, this.#env().now(), told));
      dropLogout(this.#env(), this.#key, view.epoch);
    } else {
      this.#forget();
      // Left by a page that never learned of the end; but not one that another tab wrote after this question was asked.
      if (record && (record.at <= sentAt || record.at > this.#env().now())) this.#env().storage.removeItem(this.#key);
    }
    this.#apply({ type: "answered", view });
  }

  /** Deadlines from an answer to the application. They move the record of the session we know; another one is asked about. */
  #learn(deadlines: SessionDeadlines, sentAt: Millis, present: boolean): void {
    const { view } = this.#model;
    if (this.#isOver(deadlines.epoch)) return;
    if (!view || view.state === "none" || view.epoch !== deadlines.epoch) return void this.refresh();
    const record = this.#record();
    if (view.state !== "active" || record?.epoch !== deadlines.epoch) return;
    this.#write(withDeadlines(record, deadlines, sentAt, this.#env().now(), present));
    this.#failures = 0;
    this.#apply({ type: "reached" });
    this.#look();
  }

  #active(): void {
    const time = this.#env().now();
    // First whether it is over, then whether this counts: the first movement after a sleep must not revive anything.
    const state = this.#look();
    if (state.status === "warning" && this.#ask) return;
    this.#present = this.#env().monotonic();
    if (!("endsIn" in state)) return;
    const record = this.#record();
    if (!record || time - record.lastActivity < Math.min(15 * SECOND, record.idleFor / 60)) return;
    this.#write({ ...record, lastActivity: time });
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
    const stale = state.status !== "none" && !(record && this.#env().now() - record.at <= LONGEST_TIMER);
    if (certain || this.#model.offline || stale) void this.#flights.join();
  }

  /** Reads record and clocks again and acts on what they say. All events end here. */
  #look(): ClientState {
    const { now, monotonic } = this.#env();
    const clocks = { wall: now(), steady: monotonic() };
    const before = this.#clocks;
    this.#clocks = clocks;
    const drift = before ? clocks.wall - before.wall - (clocks.steady - before.steady) : 0;
    const state = this.get();
    const step = stepFor(this.#model, this.#record(), state, clocks.wall, Math.abs(drift) > DRIFT);
    if (step === "signed-out") this.#end("logout", false);
    if (step === "over" && "reason" in state && state.reason) this.#apply({ type: "ended", reason: state.reason });
    if (step === "ask-soon") this.#askSoon();
    if (step === "over" || step === "ask") void this.#flights.join();
    this.#show();
    return this.get();
  }

  #end(reason: "logout", tell = true): void {
    this.#forget(this.#epoch() || this.#record()?.epoch);
    if (tell) this.#hint();
    this.#apply({ type: "ended", reason });
  }

  /** Another tab may have signed out while this one was asking and knew of nothing yet. */
  #isOver(epoch: string): boolean {
    return this.#over.has(epoch) || wasEnded(this.#env().storage, this.#key, epoch);
  }

  #forget(epoch = this.#epoch()): void {
    if (epoch === "") return;
    this.#over.add(epoch);
    endEpoch(this.#env().storage, this.#key, epoch);
  }

  /** Of the session that this tab knows to be there. */
  #epoch(): string {
    const { view } = this.#model;
    return view?.state === "active" ? view.epoch : "";
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
    this.#listeners.tell(() => this.get());
  }

  #schedule(state: ClientState): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#stop) return;
    const { now, monotonic, setTimer } = this.#env();
    if (this.#model.offline) this.#askSoon();
    const record = this.#record();
    const mayTouchIn = this.#touching ? Number.POSITIVE_INFINITY : this.#askedAt + pauseAfter(this.#failures) - monotonic();
    const lookIn = nextLookIn(state, record, now(), warningFor(record, this.#warning), mayTouchIn);
    if (lookIn === undefined) return;
    this.#cancel = setTimer(() => {
      this.#touchIfDue();
      this.#look();
    }, lookIn);
  }
}
