import type { Millis } from "@holdfast/session-protocol";
import type { TabsOptions } from "./create-tabs.ts";
import { Jar } from "./jar.ts";
import { Locks } from "./locks.ts";
import { type Answerer, type Flight, Network } from "./network.ts";
import { Page } from "./page.ts";
import { randomFrom } from "./random.ts";
import { eventOf } from "./targets.ts";
import { type Owner, Tasks } from "./tasks.ts";

/** The options of `createTabs`, all of them there. */
export type WorldOptions = Required<Omit<TabsOptions<Answerer, unknown>, "page" | "server">>;

/** Who looks on. */
export interface Watch {
  sent?(flight: Flight): void;
  answered?(flight: Flight, response: Response): void;
  /** The answer came, or its page gave up. */
  ended?(flight: Flight): void;
  /** A page asks for a lock, and gets it. */
  asked?(page: Page, lock: string): void;
  granted?(page: Page, lock: string): void;
  posted?(page: Page, message: unknown): void;
  stored?(page: Page, key: string, value: string | undefined): void;
}

/** One computer with one browser, what its pages share, and the way to one server. */
export class World {
  readonly tasks: Tasks;
  readonly items = new Map<string, string>();
  /** The server's own, if it signs its browser in by itself. */
  readonly jar: Jar;
  readonly locks = new Locks(this);
  readonly network = new Network(this);
  readonly pages: Page[] = [];
  readonly random: () => number;
  readonly options: WorldOptions;
  readonly server: Answerer;
  watch: Watch = {};
  /** By what the wall clock is wrong. */
  wrong: Millis = 0;
  /** The page that ran last, and why. */
  last: { readonly page: Page; readonly why: string } | undefined;
  #loaded = 0;
  #slept: Millis = 0;
  #asleepSince: Millis | undefined;

  constructor(options: WorldOptions, server: (time: { readonly now: () => Millis }) => Answerer) {
    this.options = options;
    this.tasks = new Tasks(options.start);
    this.random = randomFrom(options.seed);
    this.server = server({ now: () => this.now });
    this.jar = this.server.jar ?? new Jar();
  }

  get now(): Millis {
    return this.tasks.now;
  }

  get machine(): Owner {
    return this.tasks.machine;
  }

  /** The computer's clock, in whole ms. */
  readonly wall = (): Millis => Math.floor(this.now + this.wrong);

  steady(): Millis {
    if (this.options.monotonicInSleep) return this.now;
    return (this.#asleepSince ?? this.now) - this.#slept;
  }

  readonly latency = (): Millis => this.#between(this.options.latency);
  readonly hop = (): Millis => this.#between(this.options.hop);

  load(hidden = false): Page {
    const page = new Page(this, `tab ${++this.#loaded}`, `${this.options.origin}/`, hidden);
    this.pages.push(page);
    return page;
  }

  /** Something for a page to do, as soon as it can. */
  task(page: Page, ms: Millis, why: string, work: () => void): void {
    this.tasks.add(this.now + ms, page, () => {
      this.ran(page, why);
      work();
    });
  }

  ran(page: Page, why: string): void {
    this.last = { page, why };
  }

  store(page: Page, key: string, value: string | undefined): void {
    const oldValue = this.items.get(key);
    if (oldValue === value) return;
    if (value === undefined) this.items.delete(key);
    else this.items.set(key, value);
    this.watch.stored?.(page, key, value);
    for (const other of this.pages) {
      if (other !== page && !other.gone && !other.cached) this.task(other, this.hop(), "storage", () => other.window.dispatch(eventOf("storage", { key, oldValue, newValue: value ?? null })));
    }
  }

  post(page: Page, name: string, message: unknown): void {
    this.watch.posted?.(page, message);
    for (const other of this.pages) {
      if (other === page || other.gone || !other.channels.get(name)?.size) continue;
      if (other.cached && this.options.messagesEvict) this.drop(other, "a message came");
      else this.task(other, this.hop(), "message", () => other.channels.get(name)?.forEach((heard) => heard(message)));
    }
  }

  takeCookies(headers: Headers): void {
    const change = this.jar.take(headers.getSetCookie());
    if (change) for (const page of this.pages) if (!page.gone) this.task(page, this.hop(), "cookie", () => page.cookies.dispatch(eventOf("change", change)));
  }

  /** The end of a page without a word to it. */
  drop(page: Page, why: string): void {
    if (page.gone) return;
    page.gone = true;
    page.dropped = why;
    this.pages.splice(this.pages.indexOf(page), 1);
    this.locks.leave(page);
  }

  fallAsleep(): void {
    this.#asleepSince ??= this.now;
    this.tasks.halt(this.machine);
  }

  wake(): void {
    const since = this.#asleepSince;
    if (since === undefined) return;
    this.#asleepSince = undefined;
    if (!this.options.monotonicInSleep) this.#slept += this.now - since;
    this.tasks.goOn(this.machine);
  }

  #between([least, most]: readonly [Millis, Millis]): Millis {
    return least + this.random() * (most - least);
  }
}
