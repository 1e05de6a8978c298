import type { Environment } from "@holdfast/session-browser";
import type { Millis } from "@holdfast/session-protocol";
import { close, comeBack, freeze, goOffline, goOnline, hide, leave, resume, show } from "./lifecycle.ts";
import type { Answerer, Trouble } from "./network.ts";
import type { Page } from "./page.ts";
import { World } from "./world.ts";

export interface TabsOptions<Server extends Answerer, Client> {
  /** What pages run: makes their client from the platform as one page sees it, and listens to it. Called at each load. */
  readonly page: (environment: Environment) => Client;
  /** Who answers: `createTestServer`, or anything with a `fetch(request)`. It gets the true time, which no sleep and no wrong clock touches. */
  readonly server: (time: { readonly now: () => Millis }) => Server;
  /** Everything chance decides (delays, the clients' jitter) follows from it. Default 1. */
  readonly seed?: number;
  /** Where the pages are. Default `https://app.test`. */
  readonly origin?: string;
  /** When it begins, in ms since the epoch. Default 1 January 2026. */
  readonly start?: Millis;
  /** `false`: without Web Locks. Default true. */
  readonly locks?: boolean;
  /** Shortest and longest way of a request, and of its answer, in ms. Default 20 to 100. */
  readonly latency?: readonly [Millis, Millis];
  /** How long storage events, messages and locks take from tab to tab, in ms. Default 1 to 10. */
  readonly hop?: readonly [Millis, Millis];
  /** Whether `performance.now()` and timers go on while the computer sleeps: systems differ. Default false. */
  readonly monotonicInSleep?: boolean;
  /** Whether a message on a channel drops a page from the back-forward cache, as in Chromium, or waits for it. Default true. */
  readonly messagesEvict?: boolean;
}

/** One page in one tab. What browsers cannot do to such a page throws. */
export interface Tab<Client> {
  readonly name: string;
  /** What `page` made. */
  readonly client: Client;
  /** Closed, crashed, or dropped from the back-forward cache. */
  readonly gone: boolean;
  /** A trusted event of the user. Default `pointermove`. */
  input(type?: string): Promise<void>;
  /** Any other event at the window; scripts' own with `{ isTrusted: false }`. */
  emit(type: string, members?: object): Promise<void>;
  /** Another tab comes to the front, and this one again. Timers of hidden tabs run once a second, after five minutes once a minute. */
  hide(): Promise<void>;
  show(): Promise<void>;
  /** Timers run at multiples of so many ms only; `undefined`: by visibility, as browsers do. */
  throttle(every: Millis | undefined): void;
  /** The browser freezes the hidden page, and lets it go on. */
  freeze(): Promise<void>;
  resume(): Promise<void>;
  /** The user goes to another page and comes back: through the back-forward cache. */
  leave(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
  /** The process dies without a word. */
  crash(): Promise<void>;
  /** Closes the page and loads it again: the new one. */
  reload(): Promise<Tab<Client>>;
}

/** One browser with its tabs on one computer. Time passes only in `run` and `sleep`. */
export interface Tabs<Server extends Answerer, Client> {
  readonly server: Server;
  /** The true time, in ms since the epoch. */
  readonly now: () => Millis;
  /** `localStorage`. */
  readonly storage: ReadonlyMap<string, string>;
  open(options?: { readonly hidden?: boolean }): Promise<Tab<Client>>;
  /** Lets time pass, and everything happen that falls into it. */
  run(ms: Millis): Promise<void>;
  /** The computer sleeps: nothing runs, the wall clock goes on, servers go on. */
  sleep(ms: Millis): Promise<void>;
  offline(is: boolean): Promise<void>;
  /** By how many ms the wall clock is wrong from now on; 0 sets it right. */
  setClock(wrong: Millis): void;
  /** Asked for each request what becomes of it; `undefined` for nothing unusual. */
  trouble(of: (request: Request) => Trouble | undefined): void;
}

// Before anybody fakes timers.
const { setImmediate: immediate, MessageChannel: Channel } = globalThis as { setImmediate?: (work: () => void) => unknown; MessageChannel?: typeof MessageChannel };

/** Resolves when all promises that could settle have. */
const drained = (): Promise<void> =>
  new Promise((resolve) => {
    if (immediate) return void immediate(resolve);
    if (!Channel) return void setTimeout(resolve, 0);
    const { port1, port2 } = new Channel();
    port1.addEventListener("message", () => (port1.close(), resolve()));
    port1.start();
    port2.postMessage(0);
  });

/**
 * A browser with several tabs, simulated: real client code on virtual clocks, timers, storage, channels, locks, cookies and network. The same seed and the same
 * calls give the same run.
 */
export function createTabs<Server extends Answerer, Client>(options: TabsOptions<Server, Client>): Tabs<Server, Client> {
  const { page: load, seed = 1, origin = "https://app.test", start = Date.UTC(2026, 0, 1), locks = true, latency = [20, 100], hop = [1, 10], monotonicInSleep = false, messagesEvict = true } = options;
  let made: Server | undefined;
  const world = new World({ seed, origin, start, locks, latency, hop, monotonicInSleep, messagesEvict }, (time) => (made = options.server(time)));

  /** What is due until `end`, one task after the other. */
  async function until(end: Millis): Promise<void> {
    await drained();
    while (world.tasks.step(end)) {
      while (world.network.pending) {
        const { pending } = world.network;
        await pending;
        if (world.network.pending === pending) world.network.pending = undefined;
      }
      await drained();
    }
    world.tasks.now = Math.max(world.now, end);
  }

  async function open(hidden: boolean): Promise<Tab<Client>> {
    const page = world.load(hidden);
    const client = load(page.environment);
    await until(world.now);
    return tabOf(page, client);
  }

  function tabOf(page: Page, client: Client): Tab<Client> {
    const act = async (may: boolean, what: string, work: () => unknown): Promise<void> => {
      if (page.gone || !may) throw new Error(`${page.name} cannot ${what} now.`);
      work();
      await until(world.now);
    };
    const runs = (): boolean => !page.still;
    return {
      name: page.name,
      client,
      get gone() {
        return page.gone;
      },
      input: (type = "pointermove") => act(runs(), "take input", () => page.dispatch(type)),
      emit: (type, members) => act(runs(), "hear of an event", () => page.dispatch(type, members)),
      hide: () => act(runs(), "hide", () => hide(page)),
      show: () => act(runs(), "show", () => show(page)),
      throttle: (every) => page.setThrottle(every),
      freeze: () => act(runs(), "freeze", () => freeze(world, page)),
      resume: () => act(page.frozen, "resume", () => resume(world, page)),
      leave: () => act(runs(), "leave", () => leave(world, page)),
      back: () => act(page.cached, "come back", () => comeBack(world, page)),
      close: () => act(runs(), "close", () => close(world, page)),
      crash: () => act(true, "crash", () => world.drop(page, "crashed")),
      async reload() {
        await act(runs(), "reload", () => close(world, page));
        return open(false);
      },
    };
  }

  if (!made) throw new Error("The world made no server.");
  return {
    server: made,
    now: () => world.now,
    storage: world.items,
    open: ({ hidden = false } = {}) => open(hidden),
    run: (ms) => until(world.now + ms),
    async sleep(ms) {
      await drained();
      world.fallAsleep();
      await until(world.now + ms);
      world.wake();
      await until(world.now);
    },
    async offline(is) {
      if (is) goOffline(world);
      else goOnline(world);
      await until(world.now);
    },
    setClock: (wrong) => void (world.wrong = wrong),
    trouble: (of) => void (world.network.trouble = of),
  };
}
