import { ACTIVITY_HEADER, type ProblemName, problemType } from "@holdfast/session-protocol";
import { createSessionClient, type ClientOptions, type ClientState, type Environment, type SessionClient } from "../src/index.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
const ORIGIN = "https://app.test";

export const problemAnswer = (name: ProblemName, status: number, members: object = {}, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ type: problemType(name), ...members }), { status, headers: { "content-type": "application/problem+json", ...headers } });

/** A server of one browser's session: idle and absolute by the rules of the protocol, and a log of what was asked. */
export class Server {
  readonly log: string[] = [];
  session: { epoch: string; seenAt: number; startedAt: number; provedAt: number } | undefined;
  ended: string | undefined;
  idle = 10 * MINUTE;
  absolute = 60 * MINUTE;
  down: "network" | number | undefined;
  tellsIdle = true;
  /** So many requests were sent before another tab's step-up: their credential is superseded. */
  /** The session is bound to a device, and this browser shows no proof of it. */
  proof: { readonly signIn: boolean } | undefined;
  stragglers = 0;
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  signIn(epoch = `e${this.world.now}`): void {
    this.session = { epoch, seenAt: this.world.now, startedAt: this.world.now, provedAt: this.world.now };
    this.ended = undefined;
  }

  end(reason: string): void {
    this.session = undefined;
    this.ended = reason;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input instanceof Request ? input : new URL(String(input), ORIGIN), init);
    const { pathname } = new URL(request.url);
    this.log.push(`${request.method} ${pathname}${request.headers.get(ACTIVITY_HEADER) === "none" ? " (nobody)" : ""}`);
    if (this.down === "network") throw new TypeError("Failed to fetch");
    if (typeof this.down === "number") return new Response("oops", { status: this.down });
    if (this.stragglers > 0) {
      this.stragglers--;
      return problemAnswer("superseded", 401);
    }
    if (this.proof) {
      if (this.proof.signIn && pathname === "/session") return Response.json({ state: "none" });
      return Response.json({ type: "urn:holdfast:problem:proof_required", processed: false, ...this.proof }, { status: 401, headers: { "content-type": "application/problem+json" } });
    }
    const { now } = this.world;
    const live = this.session;
    if (live && (now >= live.seenAt + this.idle || now >= live.startedAt + this.absolute)) this.end(now >= live.startedAt + this.absolute ? "absolute" : "idle");
    if (pathname === "/session/logout") {
      if (this.session) this.end("logout");
      return new Response(null, { status: 204 });
    }
    if (!this.session) {
      if (pathname === "/session") return Response.json({ state: "none", ...(this.ended ? { ended: this.ended } : {}) });
      return problemAnswer("expired", 401);
    }
    if (pathname !== "/session" && request.headers.get(ACTIVITY_HEADER) !== "none") this.session.seenAt = now;
    const { epoch, seenAt, startedAt, provedAt } = this.session;
    const idleIn = Math.floor((seenAt + this.idle - now) / SECOND);
    const expiresIn = Math.floor((startedAt + this.absolute - now) / SECOND);
    const headers = { "session-deadlines": `idle=${idleIn}, absolute=${expiresIn}, epoch="${epoch}"` };
    if (pathname.startsWith("/session")) return Response.json({ state: "active", id: "i", subject: "ada", data: null, authenticatedAgo: Math.floor((now - provedAt) / SECOND), idleIn, ...(this.tellsIdle ? { idleFor: this.idle / SECOND } : {}), expiresIn, epoch }, { headers });
    return new Response("data", { headers });
  };
}

/** Time, storage, channels and timers that all virtual tabs of one browser share. */
export class World {
  now = Date.UTC(2026, 0, 1);
  steady = 0;
  readonly items = new Map<string, string>();
  readonly tabs: Tab[] = [];
  /** All that was ever said on a channel. */
  readonly hints: unknown[] = [];
  readonly locks = new Locks();
  readonly server = new Server(this);
  /** Storage as one tab sees it: the others get an event. */
  storageOf(tab: Tab): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
    const tell = (key: string): void => {
      for (const other of this.tabs) if (other !== tab && !other.frozen) other.window.dispatchEvent(Object.assign(new Event("storage"), { key }));
    };
    return {
      getItem: (key) => this.items.get(key) ?? null,
      setItem: (key, value) => (this.items.set(key, value), tell(key)),
      removeItem: (key) => void (this.items.delete(key) && tell(key)),
    };
  }

  async tab(options: ClientOptions = {}, before: (client: SessionClient) => void = () => undefined): Promise<Tab> {
    const tab = new Tab(this, options, before);
    this.tabs.push(tab);
    await settle();
    return tab;
  }

  /** Time passes for machine and timers alike, one timer after the other. */
  async run(ms: number, step = SECOND): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      const by = Math.min(step, left);
      this.now += by;
      this.steady += by;
      for (const tab of this.tabs) tab.fire();
      await settle();
    }
  }

  /** The machine sleeps: the wall clock goes on, the monotonic one and all timers stand still. */
  sleep(ms: number): void {
    this.now += ms;
  }
}

/** Web Locks of one browser: exclusive, in order, and given up when the wait is aborted. */
export class Locks {
  readonly #last = new Map<string, Promise<unknown>>();
  held = 0;

  async request(name: string, { signal }: { signal?: AbortSignal }, work: () => Promise<unknown>): Promise<unknown> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const aborted = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    aborted.catch(() => undefined);
    let release = (): void => undefined;
    this.#last.set(name, before.then(() => new Promise<void>((resolve) => (release = resolve))));
    try {
      await Promise.race([before, aborted]);
      await settleOnce();
      this.held++;
      return await work();
    } finally {
      this.held = Math.max(0, this.held - 1);
      void before.then(() => release());
    }
  }
}

const settleOnce = (): Promise<void> => Promise.resolve();

/** Lets promises run; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

export class Tab {
  readonly client: SessionClient;
  readonly seen: string[] = [];
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" as DocumentVisibilityState, baseURI: `${ORIGIN}/page`, activeElement: null as { tagName: string } | null });
  readonly world: World;
  timers: { at: number; work: () => void }[] = [];
  heard: ((hint: unknown) => void)[] = [];
  frozen = false;
  readonly end: () => void;

  readonly environment: Partial<Environment>;

  /** @param started `false` for a tab whose client is of no interest */
  constructor(world: World, options: ClientOptions, before: (client: SessionClient) => void = () => undefined, started = true) {
    this.world = world;
    this.environment = {
      fetch: (...args) => world.server.fetch(...args),
      now: () => world.now,
      monotonic: () => world.steady,
      setTimer: (work, ms) => {
        const timer = { at: world.steady + ms, work };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((other) => other !== timer));
      },
      storage: world.storageOf(this),
      channel: (_name, heard) => {
        this.heard.push(heard);
        return {
          post: (hint) => {
            world.hints.push(hint);
            for (const tab of world.tabs) if (tab !== this && !tab.frozen) for (const hear of tab.heard) hear(hint);
          },
          close: () => void (this.heard = []),
        };
      },
      random: () => 0.5,
      locks: world.locks as never,
      cookies: undefined,
      page: { window: this.window, document: this.document, url: () => `${ORIGIN}/page` } as never,
      ...options.environment,
    };
    this.client = createSessionClient({ ...options, environment: this.environment });
    before(this.client);
    this.end = started ? this.client.subscribe((state) => void this.seen.push(state.status)) : () => undefined;
  }

  get state(): ClientState {
    return this.client.get();
  }

  get status(): string {
    return this.state.status;
  }

  fire(): void {
    if (this.frozen) return;
    const due = this.timers.filter(({ at }) => at <= this.world.steady);
    this.timers = this.timers.filter(({ at }) => at > this.world.steady);
    for (const { work } of due) work();
  }

  /** An event as the browser makes it when the user does something; scripts can only make untrusted ones. */
  async input(type = "pointermove", trusted = true, more: object = {}): Promise<void> {
    const event = Object.assign(new Event(type), more);
    Object.defineProperty(event, "isTrusted", { value: trusted });
    this.window.dispatchEvent(event);
    await settle();
  }

  async emit(target: "window" | "document", type: string, more: object = {}): Promise<void> {
    // What happens at the document passes the window first.
    const event = Object.assign(new Event(type), more);
    void target;
    this.window.dispatchEvent(event);
    await settle();
  }

  /** To another tab, or back. */
  async turn(visibilityState: DocumentVisibilityState): Promise<void> {
    this.document.visibilityState = visibilityState;
    await this.emit("document", "visibilitychange");
  }

  /** The process dies: nothing of it runs again, and nothing is said. */
  crash(): void {
    this.frozen = true;
  }
}
