import type { ClientState } from "@holdfast/session-browser";
import type { Millis } from "@holdfast/session-protocol";
import type { Flight } from "../../src/lib/tabs/network.ts";
import type { Page } from "../../src/lib/tabs/page.ts";
import type { World } from "../../src/lib/tabs/world.ts";
import { type Model, type ModelSession, touchEvery } from "./model.ts";
import { MINUTE, type Plan, SECOND } from "./plan.ts";

/** Events after which a page has to have decided. */
const DECIDES: ReadonlySet<string> = new Set(["pointermove", "visibilitychange", "resume", "focus", "online", "pageshow", "message"]);
const PATIENCE: Millis = 10 * SECOND;

/** What one page shows, and what is known of it. */
export interface Seen {
  readonly page: Page;
  shown: ClientState;
  /** Since when it runs without standing still. */
  runsSince: Millis;
  /** It ran no more because the computer slept: its timers may have slept too. */
  woke: boolean;
  /** Since when what it shows has to be confirmed by a new answer. */
  restoredAt: Millis | undefined;
  /** When it began to leave: who waits for a lock then goes ahead. */
  leavesAt: Millis;
  /** Until when it may be ahead of its turn. */
  aheadUntil: Millis;
  /** When it asked for the lock. */
  waits: Millis[];
}

/** Knows what is so, and judges what pages show. */
export class Oracle {
  readonly violations: string[] = [];
  readonly seen = new Map<Page, Seen>();
  /** Sessions that this browser was told to sign out of, and when. */
  readonly signedOut = new Map<string, Millis>();
  /** Those that no page knew of when it was told so. */
  readonly meant = new Set<string>();
  flights = 0;
  #checked = 0;
  #sleptAt: Millis = 0;
  logouts = 0;
  /** Until when something disturbs the way to the server or its consequences. */
  #troubleUntil: Millis = 0;
  /** By epoch: last activity that counted, and the deadline of the answers that pages got. */
  readonly #activeAt = new Map<string, Millis>();
  readonly #promised = new Map<string, Millis>();
  /** When the latest answered question or request was sent. */
  #answeredFrom: Millis = 0;
  readonly #asking = new Set<Flight>();
  readonly #plan: Plan;
  readonly #world: World;
  readonly #model: Model;
  readonly #sessions = new Map<string, ModelSession>();

  constructor(plan: Plan, world: World, model: Model) {
    this.#plan = plan;
    this.#world = world;
    this.#model = model;
    world.watch = {
      sent: (flight) => this.#sent(flight),
      ended: (flight) => void this.#asking.delete(flight),
      answered: (flight, response) => this.#answered(flight, response),
      asked: (page, lock) => this.#waits(page, lock),
      posted: (page, message) => this.#public(page, String(message)),
      stored: (page, key, value) => this.#public(page, `${key} ${value}`),
    };
  }

  /** Something makes the next while no ordinary one. */
  trouble(ms: Millis): void {
    this.#troubleUntil = Math.max(this.#troubleUntil, this.#world.now + ms);
  }

  sleeps(): void {
    this.#sleptAt = this.#world.now;
  }

  /** It gives its right to ask to the others, and what it asks already goes on if it does. */
  leaves(seen: Seen): void {
    const { now } = this.#world;
    seen.leavesAt = now;
    for (const { page } of this.#asking) if (page === seen.page) seen.aheadUntil = now + 3 * PATIENCE;
  }

  /** The page stands still no more. */
  runs(page: Page, restored: boolean): void {
    const seen = this.seen.get(page);
    if (!seen) return;
    // Its questions stood still as well, and what ends them.
    if (seen.aheadUntil > (restored ? seen.leavesAt : this.#sleptAt)) seen.aheadUntil += this.#world.now - (restored ? seen.leavesAt : this.#sleptAt);
    seen.runsSince = this.#world.now;
    seen.woke = !restored;
    if (restored) seen.restoredAt = this.#world.now;
  }

  /** The user does something, and the page is about to hear of it. */
  input({ page, shown }: Seen): void {
    const { now } = this.#world;
    if (!("endsIn" in shown) || page.still || (shown.status === "warning" && this.#plan.ask)) return;
    const session = this.#session(shown.view.epoch);
    // In the last moments it depends on how fast the network is; and on the mode, which the page may not know yet that it is in.
    if (this.#plan.ask && session && this.#model.endsAt(session).at - now < 25 * SECOND) return;
    if (!session || this.#model.endsAt(session).at - now < 12 * SECOND || (this.#promised.get(session.epoch) ?? 0) - now < 12 * SECOND) return;
    this.#activeAt.set(session.epoch, now);
  }

  show(seen: Seen, state: ClientState): void {
    const before = seen.shown;
    seen.shown = state;
    const { now } = this.#world;
    const epoch = "view" in before && before.view.state === "active" ? before.view.epoch : "";
    if ("endsIn" in state) {
      const { epoch } = state.view;
      if (this.signedOut.has(epoch)) this.blame(seen.page, `shows ${epoch} after its sign-out`);
    }
    const session = this.#session(epoch);
    if (!session || !("reason" in state)) return;
    // Two sign-ins at once begin two sessions; the browser is in the one whose answer came last, and hears of that one.
    const lives = this.#model.lives(session) && this.#model.of(this.#world.jar.header) === session;
    if (state.status === "revoked" && lives) this.blame(seen.page, `revoked, and ${epoch} lives`);
    if (state.status === "none" && lives && !this.signedOut.has(epoch)) this.blame(seen.page, `signed out of ${epoch}, and nobody was asked to`);
    if (this.#world.wrong !== 0 || this.#plan.acts.some(({ kind }) => kind === "clock")) return;
    if (state.status === "expired" && lives && this.#troubleUntil < now && session.startedAt + this.#plan.absolute - now > this.#slack()) this.blame(seen.page, `expired, and ${epoch} has time`);
    // Touches that take longer than anybody waits help nobody.
    if (state.status !== "idle" || !lives || this.#plan.latency[1] > 2 * SECOND) return;
    if ((this.#promised.get(epoch) ?? 0) - now > (this.#troubleUntil > 0 ? 16 * SECOND : SECOND + 2 * this.#plan.latency[1])) this.blame(seen.page, `idle ${Math.round((this.#promised.get(epoch) ?? 0) - now)} ms before the deadline that a tab was told`);
    const active = this.#activeAt.get(epoch) ?? 0;
    const early = active + this.#plan.idle - now;
    if (early > Math.min(15 * SECOND, this.#plan.idle / 60) + this.#slack() + touchEvery(this.#plan.idle) && this.#troubleUntil < active) this.blame(seen.page, `idle ${Math.round(early / SECOND)} s too early: another tab was active`);
  }

  /** After each task and what followed from it. Most are ticks of the countdown, which say nothing of the other pages. */
  check(): void {
    const { last } = this.#world;
    const seen = last?.why === "timer" ? this.seen.get(last.page) : undefined;
    if (seen && !seen.page.gone && this.#checked++ % 8 > 0) this.#checkOne(seen, "timer");
    else for (const one of this.seen.values()) this.#checkOne(one, last?.page === one.page ? last.why : "");
  }

  #checkOne(seen: Seen, why: string): void {
    const { now } = this.#world;
    const { page, shown } = seen;
    if (page.gone) this.seen.delete(page);
    else if ("endsIn" in shown && !page.still) {
      const { epoch } = shown.view;
      if (seen.restoredAt !== undefined && shown.confirmed) {
        if (this.#answeredFrom < Math.floor(seen.restoredAt)) this.blame(page, "confirms what nobody asked about since it came back");
        seen.restoredAt = undefined;
      }
      const over = this.#overAt(epoch);
      if (over === undefined || now < over) return;
      if (DECIDES.has(why) || now > Math.max(over, seen.runsSince + (seen.woke ? MINUTE : 0)) + this.#grace(page)) this.blame(page, `shows ${epoch} ${Math.round(now - over)} ms after its end (${why})`);
    }
  }

  /** Everything is well for a while now, and every page has asked. */
  settled(): void {
    const session = this.#model.of(this.#world.jar.header);
    const lives = session && this.#model.lives(session) ? session : undefined;
    // Its successor's answer was lost: the server tells nobody that it is over, and its end comes all the same.
    if (session?.ended?.reason === "replaced") return;
    // In its last moments it depends on how fast the network is.
    if (lives && this.#model.endsAt(lives).at - this.#world.now < this.#slack()) return;
    for (const { page, shown } of this.seen.values()) {
      const epoch = "endsIn" in shown ? shown.view.epoch : undefined;
      if (epoch !== lives?.epoch) this.blame(page, `shows ${shown.status} ${epoch ?? ""} at the end, and ${lives?.epoch ?? "no session"} lives`);
    }
    if (lives && (this.signedOut.has(lives.epoch) || this.meant.has(lives.epoch))) this.blame(undefined, `the server was never told of the sign-out from ${lives.epoch}`);
  }

  #overAt(epoch: string): Millis | undefined {
    const session = this.#session(epoch);
    const out = this.signedOut.get(epoch);
    if (!session) return out;
    const { at } = this.#model.endsAt(session);
    return out === undefined ? at : Math.min(at, out + this.#plan.hop[1] + 1);
  }

  /** How late a page may be that runs. */
  #grace({ document, throttle }: Page): Millis {
    return 1500 + this.#plan.hop[1] + (document.visibilityState === "hidden" || throttle || this.#world.wrong !== 0 ? MINUTE : 0);
  }

  #slack(): Millis {
    return 2 * this.#plan.latency[1] + 3 * SECOND;
  }

  #session(epoch: string): ModelSession | undefined {
    const known = this.#sessions.get(epoch);
    if (known || !epoch) return known;
    const found = this.#model.sessions.find((session) => session.epoch === epoch);
    if (found) this.#sessions.set(epoch, found);
    return found;
  }

  #sent(flight: Flight): void {
    const { page, request } = flight;
    if (!page || !/\/session(?:\/touch)?$/.test(request.url)) return;
    this.flights++;
    const seen = this.seen.get(page);
    // Nobody knows of a first question, and who was told that the storage is empty asks his first.
    if (!seen || !("view" in seen.shown) || !this.#world.items.has("session:/session")) return;
    // A lease is a time by the wall clock.
    if (!this.#plan.locks && this.#plan.acts.some(({ kind }) => kind === "clock")) return;
    const { now } = this.#world;
    // Who waited too long goes ahead, and what follows may meet it.
    const patient = seen.waits.every((since) => now - since <= PATIENCE - 1);
    seen.waits = seen.waits.filter((since) => now - since <= PATIENCE - 1);
    // What it asks then, with its repetition, may take as long as three answers.
    if (!patient || seen.leavesAt === now) seen.aheadUntil = now + 3 * PATIENCE;
    if (seen.aheadUntil > now) return;
    for (const other of this.#asking) {
      const its = other.page && this.seen.get(other.page);
      // A page that stood still meanwhile does not know what became of its question.
      if (!its || its.page.still || its.runsSince > other.sentAt) continue;
      if (its === seen) this.blame(page, "two questions at once");
      else if (this.#plan.locks) this.blame(page, "asks while another tab does");
    }
    this.#asking.add(flight);
  }

  #waits(page: Page, _lock: string): void {
    const seen = this.seen.get(page);
    if (seen) seen.waits = [...seen.waits.slice(-4), this.#world.now];
  }

  #answered({ page, sentAt }: Flight, response: Response): void {
    const seen = page && this.seen.get(page);
    if (!seen || !response.ok) return;
    const deadlines = response.headers.get("session-deadlines");
    if (!deadlines) return;
    this.#answeredFrom = Math.max(this.#answeredFrom, sentAt);
    const { shown } = seen;
    if (!("endsIn" in shown)) return;
    const [, idle = "0", epoch = ""] = /idle=(\d+).*epoch="([^"]+)"/.exec(deadlines) ?? [];
    if (epoch !== shown.view.epoch || this.signedOut.has(epoch)) return;
    this.#promised.set(epoch, Math.max(this.#promised.get(epoch) ?? 0, Math.floor(sentAt) + Number(idle) * SECOND));
  }

  #public(page: Page, text: string): void {
    if (text.includes("secret")) this.blame(page, `a secret in public: ${text}`);
  }

  /** Nothing disturbs the way to the server, and no answer takes longer than anybody waits. */
  get calm(): boolean {
    return this.#troubleUntil < this.#world.now && this.#plan.latency[1] < SECOND;
  }

  /** A hold ends with its session. */
  holds(page: Page, epoch: string): void {
    const shown = this.seen.get(page)?.shown;
    if (!shown || page.gone || ("known" in shown && !shown.known) || ("confirmed" in shown && !shown.confirmed)) return;
    if (!("endsIn" in shown) || shown.view.epoch !== epoch) this.blame(page, `holds for ${epoch}, which is over`);
  }

  blame(page: Page | undefined, what: string): void {
    this.violations.push(`${page?.name ?? "the browser"}: ${what}`);
  }
}
