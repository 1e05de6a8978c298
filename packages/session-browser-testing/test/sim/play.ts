import { createSessionClient, type SessionClient } from "@holdfast/session-browser";
import type { Millis } from "@holdfast/session-protocol";
import { close, comeBack, freeze, goOffline, goOnline, hide, leave, resume, setClock, show } from "../../src/lib/tabs/lifecycle.ts";
import type { Flight } from "../../src/lib/tabs/network.ts";
import type { Page } from "../../src/lib/tabs/page.ts";
import { World } from "../../src/lib/tabs/world.ts";
import { Model, portal } from "./model.ts";
import { Oracle, type Seen } from "./oracle.ts";
import { type Act, type Plan, SECOND } from "./plan.ts";

const START = Date.UTC(2026, 0, 1);
const MOST_TABS = 6;

/** One schedule, played. */
export class Play {
  readonly oracle: Oracle;
  readonly #plan: Plan;
  readonly #world: World;
  readonly #model: Model;
  readonly #clients = new Map<Page, SessionClient>();
  readonly #holds = new Map<Page, { readonly epoch: string; readonly release: () => void }>();
  /** Sign-ins and other requests of the browser itself: how many there were, and how many are under way. */
  #sent = 0;
  #sending = 0;
  readonly #trace: ((line: string) => void) | undefined;
  #phase: "playing" | "settling" | "asking" | "idling" | "over" = "playing";
  #end: Millis;
  steps = 0;

  constructor(plan: Plan, trace?: (line: string) => void) {
    this.#plan = plan;
    this.#trace = trace;
    let model: Model | undefined;
    this.#world = new World({ ...plan, origin: "https://app.test", start: START }, ({ now }) => (model = new Model(now, plan)));
    if (!model) throw new Error("The world has no server.");
    this.#model = model;
    this.oracle = new Oracle(plan, this.#world, model);
    if (trace) this.#traceRequests();
    this.#send("/sign-in", () => {
      if (plan.fails > 0) this.#goDown(plan.fails);
      for (let i = plan.tabs; i > 0; i--) this.#open();
    });
    for (const act of plan.acts) this.#world.tasks.add(START + act.at, act.kind === "revoke" || act.kind === "down" ? undefined : this.#world.machine, () => this.#act(act));
    this.#end = START + (plan.acts.at(-1)?.at ?? 0) + SECOND;
  }

  /** The next task; what it awaits goes on when the caller yields. `false` when the schedule is over. */
  step(): boolean {
    if (this.#world.last) this.oracle.check();
    this.#world.last = undefined;
    if (this.oracle.violations.length > 0) return false;
    if (this.steps++ > 20_000) this.oracle.violations.push("it never ends");
    if (this.#world.tasks.step(this.#end)) return true;
    this.#world.tasks.now = this.#end;
    return this.#next();
  }

  #next(): boolean {
    const world = this.#world;
    if (this.#phase === "playing") {
      this.#phase = "settling";
      this.#say("settling");
      this.#wake(1);
      world.network.trouble = () => undefined;
      this.#model.down = undefined;
      if (world.network.offline) goOnline(world);
      for (const { page } of this.oracle.seen.values()) this.#thaw(page);
      for (const { page } of this.oracle.seen.values()) show(page);
      // From here on nothing counts as activity. A hold whose session is over by now is not ours to end.
      const there = this.#model.of(world.jar.header);
      for (const { epoch, release } of this.#holds.values()) if (there && this.#model.lives(there) && there.epoch === epoch) release();
      this.#end = world.now + 20 * SECOND + 4 * this.#plan.latency[1];
      return true;
    }
    if (this.#phase === "settling") {
      this.#phase = "asking";
      this.#say("asking");
      if (this.oracle.seen.size === 0) this.#open();
      for (const client of this.#living()) void client.refresh();
      this.#end = world.now + 10 * SECOND + 8 * this.#plan.latency[1];
      return true;
    }
    if (this.#phase === "asking") {
      this.#phase = "idling";
      this.#say("idling");
      this.oracle.settled();
      for (const [page, { epoch }] of this.#holds) this.oracle.holds(page, epoch);
      if (!this.#plan.idles) return this.#finish();
      // Activity is told up to a minute late, and counts from then.
      this.#end = world.now + this.#plan.idle + Math.min(60 * SECOND, this.#plan.idle / 10) + 3 * SECOND;
      return true;
    }
    for (const seen of this.oracle.seen.values()) if ("endsIn" in seen.shown) this.oracle.violations.push(`${seen.page.name}: shows ${seen.shown.status} though nobody was active for long`);
    return this.#finish();
  }

  #finish(): false {
    this.#phase = "over";
    for (const client of this.#living()) client.dispose();
    return false;
  }

  #living(): SessionClient[] {
    return Array.from(this.oracle.seen.keys()).flatMap((page) => this.#clients.get(page) ?? []);
  }

  #open(hidden = false): void {
    const world = this.#world;
    const page = world.load(hidden);
    const client = createSessionClient({ warnBefore: 20 * SECOND, environment: page.environment, whileWarning: this.#plan.ask ? "ask" : "extend", ...(this.#plan.hint ? { hintCookie: "hint" } : {}) });
    this.#clients.set(page, client);
    const seen: Seen = { page, shown: { status: "none", known: false }, runsSince: world.now, woke: false, restoredAt: undefined, waits: [], leavesAt: 0, aheadUntil: 0 };
    this.oracle.seen.set(page, seen);
    world.ran(page, "load");
    client.on("held", ({ until }) => void (until === undefined && this.#holds.delete(page)));
    client.subscribe((state) => {
      if (this.#trace && state.status !== seen.shown.status) this.#say(`${page.name} shows ${state.status} ${"reason" in state ? (state.reason ?? "") : ""} ${"view" in state && "epoch" in state.view ? state.view.epoch : ""}`);
      this.oracle.show(seen, state);
    });
  }

  #act(act: Act): void {
    if (this.#phase !== "playing") return;
    const all = Array.from(this.oracle.seen.values()).filter(({ page }) => !page.gone);
    const seen = all[act.tab % Math.max(1, all.length)];
    this.#say(`${act.kind} ${seen?.page.name ?? ""} ${Math.round(act.ms)} ${act.choice.toFixed(2)}`);
    if (!this.#browser(act, all.length) && seen) this.#tab(act, seen);
  }

  /** What concerns no single tab. */
  #browser({ kind, ms, choice }: Act, tabs: number): boolean {
    const world = this.#world;
    const { oracle } = this;
    const later = (work: () => void): void => world.tasks.add(world.now + ms, undefined, work);
    if (kind === "open") {
      if (tabs < MOST_TABS) this.#open(choice < 0.2);
    } else if (kind === "sleep") {
      oracle.trouble(ms + 15 * SECOND);
      oracle.sleeps();
      world.fallAsleep();
      later(() => this.#wake(choice));
    } else if (kind === "offline") {
      oracle.trouble(ms + 70 * SECOND);
      goOffline(world);
      later(() => goOnline(world));
    } else if (kind === "down") {
      this.#goDown(ms, choice < 0.5 ? undefined : Math.ceil(choice * 20));
    } else if (kind === "silent-logout") this.#silentLogout();
    else if (kind === "trouble") this.#trouble(choice, ms);
    else if (kind === "revoke") {
      const session = this.#model.of(world.jar.header);
      if (session) this.#model.end(session, "revoked");
    } else if (kind === "sign-in" && choice < 0.3) this.#send("/sign-in", () => undefined);
    else if (kind === "form-logout") this.#send("/session/logout", () => undefined);
    else if (kind === "step-up") this.#send("/step-up", () => undefined);
    else if (kind === "clock") {
      oracle.trouble(1e12);
      setClock(world, ms);
    } else return false;
    return true;
  }

  #tab({ kind, ms, choice }: Act, seen: Seen): void {
    const world = this.#world;
    const { page } = seen;
    const client = this.#clients.get(page);
    const { oracle } = this;
    if (kind === "crash" || kind === "close") {
      // A page that is gone leaves a lease and what it had not told yet.
      oracle.trouble(25 * SECOND);
      oracle.leaves(seen);
      if (kind === "close" && !page.parked) close(world, page);
      else world.drop(page, "crashed");
    }
    if (page.gone || page.parked || !client) return;
    const visible = page.document.visibilityState === "visible";
    if (kind === "input") {
      if (visible) this.#input(seen);
    } else if (kind === "reload") {
      oracle.trouble(25 * SECOND);
      oracle.leaves(seen);
      close(world, page);
      this.#open();
    } else if (kind === "hide") hide(page);
    else if (kind === "show") show(page);
    else if (kind === "freeze" || kind === "cache") {
      oracle.trouble(ms + 25 * SECOND);
      oracle.leaves(seen);
      if (kind === "freeze") freeze(world, page);
      else leave(world, page);
      world.tasks.add(world.now + ms, world.machine, () => this.#thaw(page));
    } else if (kind === "logout") this.#logout(seen.shown, client, choice);
    else if (kind === "fetch") client.fetch("/data", choice < 0.4 ? {} : { background: choice < 0.7, method: choice < 0.85 ? "GET" : "POST" }).catch(() => undefined);
    else if (kind === "save") this.#judged(client, "save", async () => (await client.fetch("/data", { method: "POST" })).status !== 403);
    else if (kind === "hold") this.#hold(seen, client, ms);
    else if (kind === "extend") this.#judged(client, "extend", () => client.extend());
    else if (kind === "refresh") void client.refresh();
    else if (kind === "sign-in") this.#send("/sign-in", () => page.still || void client.refresh());
    world.ran(page, kind);
  }

  #input(seen: Seen): void {
    this.oracle.input(seen);
    seen.page.dispatch("pointermove");
  }

  #logout(shown: Seen["shown"], client: SessionClient, choice: number): void {
    const { oracle } = this;
    const epoch = "endsIn" in shown ? shown.view.epoch : this.#recordEpoch();
    const there = this.#model.of(this.#world.jar.header)?.epoch;
    if (!epoch && there && "known" in shown && !shown.known) oracle.meant.add(there);
    // Where another tab signed in meanwhile, that one is meant as well.
    for (const one of [epoch, this.#recordEpoch()]) if (one) oracle.signedOut.set(one, this.#world.now);
    void client.logout({ scope: choice < 0.8 ? "this" : "all" });
    oracle.logouts++;
  }

  /** In a page that says good-bye and listens to nothing. */
  #silentLogout(): void {
    const world = this.#world;
    const cached = world.pages.filter((page) => page.cached);
    const page = world.load();
    this.#logout({ status: "none", known: false }, createSessionClient({ environment: page.environment }), 0);
    world.tasks.add(world.now + 20 * SECOND, undefined, () => world.drop(page, "closed"));
    if (this.#plan.messagesEvict) for (const one of cached) if (!one.gone) this.oracle.blame(one, "stays in the back-forward cache after a sign-out");
  }

  #hold({ page, shown }: Seen, client: SessionClient, ms: Millis): void {
    if (!("endsIn" in shown) || this.#holds.has(page)) return;
    // It may end as soon as it begins: the page looks first.
    const { epoch } = shown.view;
    this.#holds.set(page, { epoch, release: () => undefined });
    const release = client.hold("film", { max: Math.max(1, ms) });
    if (this.#holds.has(page)) this.#holds.set(page, { epoch, release });
  }

  /** What has to work where nothing disturbs it, and the session that it is about is there all the time. */
  #judged(client: SessionClient, what: string, work: () => Promise<boolean>): void {
    const { oracle } = this;
    const [sent, session] = [this.#sent, this.#model.of(this.#world.jar.header)];
    const fair = (): boolean => {
      const state = client.get();
      if (!session || !("endsIn" in state) || !this.#model.lives(session)) return false;
      // Who extends means the session that he sees.
      if (what === "extend" && state.view.epoch !== session.epoch) return false;
      return oracle.calm && this.#sending === 0 && this.#sent === sent && this.#model.endsAt(session).at - this.#world.now > 25 * SECOND;
    };
    if (!fair()) return void work().catch(() => undefined);
    work().then(
      (well) => well || !fair() || oracle.blame(undefined, `${what} did not work`),
      () => undefined,
    );
  }

  #goDown(ms: Millis, retryAfter?: number): void {
    this.oracle.trouble(ms + 90 * SECOND);
    this.#model.down = { retryAfter };
    this.#world.tasks.add(this.#world.now + ms, undefined, () => (this.#model.down = undefined));
  }

  #recordEpoch(): string {
    return /"epoch":"([^"]+)"/.exec(this.#world.items.get("session:/session") ?? "")?.[1] ?? "";
  }

  #thaw(page: Page): void {
    if (page.gone) {
      if (page.dropped === "a message came" || page.dropped === "its lock was asked for") this.#open();
      return;
    }
    if (!page.parked) return;
    this.oracle.runs(page, true);
    if (page.cached) comeBack(this.#world, page);
    else resume(this.#world, page);
  }

  #wake(choice: number): void {
    const world = this.#world;
    if (!world.machine.parked) return;
    world.wake();
    for (const { page } of this.oracle.seen.values()) this.oracle.runs(page, false);
    // The first movement may be handled before any timer.
    if (choice > 0.5) return;
    for (const seen of this.oracle.seen.values()) if (!seen.page.parked && seen.page.document.visibilityState === "visible") return this.#input(seen);
  }

  /** So many of the next requests do not go well. */
  #trouble(choice: number, ms: Millis): void {
    const world = this.#world;
    let left = 1 + Math.floor(choice * 1000) % 4;
    const kind = Math.floor(choice * 6);
    this.oracle.trouble(90 * SECOND);
    world.network.trouble = () => {
      if (left-- <= 0) return undefined;
      this.oracle.trouble(90 * SECOND);
      if (kind === 0) return { lose: "request" };
      if (kind === 1) return { lose: "answer" };
      if (kind === 2) return { lose: ms < SECOND ? "request" : "answer", hang: true };
      if (kind === 3) return { down: Math.min(ms, 15 * SECOND) };
      return kind === 4 ? { up: Math.min(ms, 15 * SECOND) } : { answer: portal() };
    };
  }

  /** What the browser does without a page of ours: it loads one, or sends a form. */
  #send(path: string, then: () => void): void {
    const headers = new Headers();
    const csrf = this.#model.of(this.#world.jar.header)?.number;
    if (csrf) headers.set("x-csrf-token", `csrf-secret-${csrf}`);
    this.#sent++;
    this.#sending++;
    this.#world.network
      .fetch(undefined, new Request(`https://app.test${path}`, { method: "POST", headers }))
      .finally(() => this.#sending--)
      .then(then, () => undefined);
  }

  #traceRequests(): void {
    const { sent, ended, answered } = this.#world.watch;
    const nameOf = ({ page, request }: Flight): string => `${page?.name ?? "the browser"}: ${request.method} ${request.url.slice(16)}`;
    Object.assign(this.#world.watch, {
      sent: (flight: Flight) => (this.#say(`  ${nameOf(flight)}`), sent?.(flight)),
      ended: (flight: Flight) => (this.#say(`  ${nameOf(flight)} ended`), ended?.(flight)),
      answered: (flight: Flight, response: Response) => (this.#say(`  ${nameOf(flight)} answered ${response.status} ${response.headers.get("session-deadlines") ?? ""}`), answered?.(flight, response)),
    });
  }

  #say(line: string): void {
    this.#trace?.(`${((this.#world.now - START) / 1000).toFixed(3).padStart(10)} ${line}`);
  }
}
