import { HoldfastError, type RequestSession, type SessionState } from "@holdfast/session-core";
import { Jar, type Shown, shownIn } from "./jar.ts";
import { Oracle } from "./oracle.ts";
import { type Act, type Exchange, type Fault, OVERLAP, type Plan } from "./plan.ts";
import { type Data, Server } from "./server.ts";
import { type Faults, SimStore } from "./sim-store.ts";
import { Timeline } from "./timeline.ts";

type Millis = number;

const START = Date.UTC(2026, 0, 1);

/** One schedule, played: a victim's jar, perhaps a thief's, two servers, a store. */
export class World {
  readonly oracle: Oracle;
  requests = 0;
  readonly #timeline = new Timeline(START);
  readonly #store: SimStore;
  readonly #servers: readonly [Server, Server];
  #jar = new Jar();
  #saved = new Jar();
  /** When the sign-ins that had no chain to count on from were sent, by the name they took. */
  readonly #blind = new Map<string, Millis>();
  #thiefs = new Jar();
  /** Whose turn it is: a request and how many of its store calls were made. */
  #turn: { readonly faults: readonly Fault[]; calls: number } = { faults: [], calls: 0 };
  readonly #trace: ((line: string) => void) | undefined;
  #state: "playing" | "settling" | "over" = "playing";

  constructor(plan: Plan, trace?: (line: string) => void) {
    this.#trace = trace;
    const faults: Faults = {
      next: () => this.#turn.faults[this.#turn.calls++],
      hold: () => {
        const turn = this.#turn;
        return () => void (this.#turn = turn);
      },
    };
    this.#store = new SimStore(this.#timeline, plan, faults);
    this.oracle = new Oracle(plan, this.#store, this.#timeline);
    const onEvent = (type: string): void => {
      if (type === "session_reuse_detected") this.oracle.reuseRaised++;
    };
    this.#servers = [new Server(this.#timeline, this.#store, plan.skews[0], onEvent), new Server(this.#timeline, this.#store, plan.skews[1], onEvent)];
    for (const act of plan.acts) this.#timeline.at(START + act.at, () => this.#play(act));
  }

  /** Runs the next event; `false` when the schedule is over. */
  step(): boolean {
    if (this.#timeline.step()) return true;
    if (this.#state !== "playing") return this.#state !== "over";
    this.#state = "settling";
    this.#timeline.now += 4 * OVERLAP;
    void this.#settle();
    return true;
  }

  #play(act: Act): void {
    // Only requests meet faults: an operator who is told that it failed does it again.
    this.#turn = { faults: [], calls: 0 };
    if (act.kind !== "request") this.#say(act.kind);
    if (act.kind === "request") void this.#exchange(act, 1);
    else if (act.kind === "keys") this.#servers[act.server].useKeys(act.phase);
    else if (act.kind === "failover") void this.#store.failOver(act.lag);
    else if (act.kind === "revoke") void this.#servers[0].process.sessions.revokeAll("ada");
    else if (act.kind === "steal") this.#thiefs = this.#jar.copy();
    else if (act.kind === "save") this.#saved = this.#jar.copy();
    else this.#jar = this.#saved.copy();
  }

  #say(line: string): void {
    this.#trace?.(`${((this.#timeline.now - START) / 1000).toFixed(3).padStart(10)} ${line}`);
  }

  async #exchange(exchange: Exchange, attempt: 1 | 2): Promise<void> {
    const { by, operation, up, handler, down, lost, navigation } = exchange;
    const victim = by === "victim";
    const jar = (): Jar => (victim ? this.#jar : this.#thiefs);
    const sent = this.#timeline.now;
    const { header } = jar();
    this.requests++;
    const turn = { faults: exchange.faults, calls: 0 };
    await this.#wait(up, turn);
    if (victim) this.#took(sent);
    const server = this.#servers[exchange.server].process;
    const session = await server.sessions.open(new Headers({ cookie: header, ...(navigation ? { "sec-fetch-mode": "navigate" } : {}) })).catch(unavailable);
    if (!session) return;
    const opened = this.#timeline.now;
    if (this.#trace) this.#say(`${exchange.name} ${operation} opened by ${by} with ${shownIn(header).map(({ id, chain, step }) => `${id.slice(12, 16)}:${chain}.${step}`).join(" ")}: ${describe(session.state)}`);
    this.oracle.opened(exchange, shownIn(header), session.state);
    const before = session.state;
    const chainThen = this.oracle.chainOf(before);
    await this.#wait(handler, turn);
    if (server.dead) return;
    const cookies = await this.#commit(exchange, session, shownIn(header), before, chainThen);
    const committed = this.#timeline.now;
    await this.#wait(down, turn);
    if (lost) {
      if (victim && cookies && operation === "start" && before.kind === "active") this.oracle.replacedInVain.add(before.id);
      return;
    }
    if (cookies) {
      if (victim) this.#meet(cookies, sent, header, operation === "start" && shownIn(header).every(({ chain }) => chain === 0));
      if (victim) for (const { name, value } of cookies) if (value === "") this.oracle.tidied(before, shownIn(header, name));
      jar().take(cookies);
    }
    if (this.#trace) this.#say(`${exchange.name} ${operation} answered${cookies ? `: ${cookies.map(({ name, value }) => `${name.slice(-1)}=${value === "" ? "(cleared)" : shownIn(value).map(({ id, chain, step }) => `${id.slice(12, 16)}:${chain}.${step}`).join("")}`).join(" ")}` : " with an error"}; jar ${shownIn(jar().header).map(({ id, chain, step }) => `${id.slice(12, 16)}:${chain}.${step}`).join(" ")}`);
    // A renewal speaks of the moment of the request; a handler that took longer gives none, and is not to blame.
    if (victim) this.#took(committed - opened > OVERLAP / 2 ? committed : sent);
    if (cookies && operation === "start" && session.state.kind === "active") this.oracle.signedIn(session.state.id);
    // What the protocol asks of a client: 401 `superseded` is tried once more with the cookies of now.
    if (before.kind === "none" && before.refused === "superseded" && attempt === 1) await this.#exchange(exchange, 2);
  }

  async #commit(exchange: Exchange, session: RequestSession<Data>, shown: readonly Shown[], before: SessionState<Data>, chainThen: number | undefined): Promise<Awaited<ReturnType<RequestSession<Data>["commit"]>>["cookies"] | undefined> {
    const { operation, name } = exchange;
    try {
      if (operation === "update") session.update(({ cart }) => ({ cart: [...cart, name] }));
      if (operation === "refresh") session.renew();
      if (operation === "touch" && before.kind !== "none") session.touch();
      if (operation === "elevate") session.elevate({ acr: "high", reauthenticated: true });
      if (operation === "start") session.start("ada", undefined, { carry: ["cart"] });
      if (operation === "end") session.end();
      const { state, cookies } = await session.commit();
      // A sign-out ends what the jar has. Of two sign-ins at once the other one stays, and nobody has its credential.
      if (operation === "end" && before.kind !== "none") this.oracle.delivered.clear();
      if (operation === "update" && state.kind !== "none") this.oracle.acknowledged.push({ id: state.id, item: name });
      if (operation === "start" && state.kind === "active" && before.kind === "guest") this.oracle.carried.push({ from: before.id, to: state.id });
      return cookies;
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "no_session") this.oracle.turnedAway(exchange, shown, before, chainThen);
      if (error instanceof HoldfastError && ["unavailable", "no_session", "conflict", "sign_in_revoked"].includes(error.code)) return undefined;
      this.oracle.violations.push(`${name}: ${String(error)}`);
      return undefined;
    }
  }

  async #settle(): Promise<void> {
    try {
      const { sessions } = this.#servers[0].process;
      const open = (): Promise<RequestSession<Data>> => sessions.open(new Headers({ cookie: this.#jar.header }));
      this.#turn = { faults: [], calls: 0 };
      this.oracle.settled(shownIn(this.#jar.header), (await open()).state);
    } catch (error) {
      this.oracle.violations.push(`at the end: ${String(error)}`);
    }
    this.#state = "over";
  }

  /**
   * A sign-in that came without a credential but a guest's does not know what is still under way of the session before, and one that was under way does not
   * know of a sign-out. Where an answer takes its cookie, the core promises nothing (decision 005); how often that happens is a figure.
   */
  #meet(cookies: readonly { readonly name: string }[], sent: Millis, header: string, blind: boolean): void {
    for (const { name } of cookies) {
      const [then, here] = [header, this.#jar.header].map((cookie) => shownIn(cookie, name)[0]?.id);
      const outOfSignOut = then !== undefined && here !== undefined && then !== here && this.oracle.wasSignedOut(then);
      if (outOfSignOut || (this.#blind.get(name) ?? -1) > sent) this.oracle.collided = true;
      if (blind) this.#blind.set(name, sent);
    }
  }

  /** How long a request or an answer has been under way, for the rule that only a late one may sign anybody out. */
  #took(sent: Millis): void {
    this.oracle.longest = Math.max(this.oracle.longest, this.#timeline.now - sent);
  }

  #wait(time: Millis, turn: { readonly faults: readonly Fault[]; calls: number }): Promise<void> {
    return new Promise((resolve) =>
      this.#timeline.at(this.#timeline.now + time, () => {
        this.#turn = turn;
        resolve();
      }),
    );
  }
}

const describe = (state: SessionState<Data>): string => (state.kind === "none" ? `none ${state.ended ?? state.refused ?? ""}` : `${state.kind} ${state.id.slice(12, 16)}${state.kind === "active" && state.acr === "high" ? " elevated" : ""}`);

function unavailable(error: unknown): undefined {
  if (error instanceof HoldfastError && error.code === "unavailable") return undefined;
  throw error;
}
