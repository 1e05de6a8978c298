import { type Clock, createSessions, HoldfastError, type KeyRingFile, type SessionEvent, type Sessions, type SessionsOptions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { readBody, type SessionRecord } from "../src/lib/record.ts";
import { createKeyRing } from "../src/lib/token/key-ring.ts";
import type { IndexedStore, StoredSession } from "../src/store.ts";

export interface TestClock extends Clock {
  advance(ms: number): void;
  set(ms: number): void;
}

export function testClock(start = Date.UTC(2026, 0, 1)): TestClock {
  let now = start;
  return {
    now: () => now,
    wait: async (ms) => void (now += ms),
    advance: (ms) => void (now += ms),
    set: (ms) => void (now = ms),
  };
}

export interface ManualClock extends TestClock {
  /** Moves the time, ends the waits that are over by then, and lets what follows from them happen. */
  pass(ms: number): Promise<void>;
  /** Waits under way. */
  readonly waiting: number;
}

/** A clock whose waits end when the test says so. */
export function manualClock(): ManualClock {
  const clock = testClock();
  let waits: { readonly at: number; readonly resolve: () => void }[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  return {
    ...clock,
    wait: (ms) => new Promise((resolve) => void waits.push({ at: clock.now() + ms, resolve })),
    get waiting() {
      return waits.length;
    },
    async pass(ms) {
      clock.advance(ms);
      const due = waits.filter(({ at }) => at <= clock.now());
      waits = waits.filter(({ at }) => at > clock.now());
      for (const { resolve } of due) resolve();
      await settle();
    },
  };
}

/** The code that work fails with, `none` if it does not. */
export const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "none";
  } catch (error) {
    return error instanceof HoldfastError ? error.code : String(error);
  }
};

const secretOf = (fill: number): string => Buffer.alloc(32, fill).toString("base64url");
export const KEYS: KeyRingFile = {
  subjectKey: secretOf(1),
  keys: [{ id: 7, secret: secretOf(2), state: "active", since: 0 }],
};
export const keyOf = (id: number, state: "next" | "active" | "retired"): KeyRingFile["keys"][number] => ({ id, secret: secretOf(100 + id), state, since: 0 });

export interface Data {
  readonly cart: readonly string[];
  readonly prefs: Readonly<Record<string, string>>;
}
export const INITIAL: Data = { cart: [], prefs: {} };

export const EPOCH = createKeyRing(KEYS, "default").rowId("epoch");

/** Counts the calls of each verb, those of the epoch (once in 4 s, beside a read) apart, and can make one fail or answer late. */
export function spyStore(store: IndexedStore): IndexedStore & { readonly calls: string[]; readonly epochs: string[]; fail: (verb: string) => Error | undefined } {
  const calls: string[] = [];
  const epochs: string[] = [];
  const spy = { calls, epochs, fail: (_verb: string): Error | undefined => undefined };
  return new Proxy(store, {
    get(target, property) {
      if (property in spy) return spy[property as keyof typeof spy];
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const ofEpoch = args[0] === EPOCH;
        const verb = ofEpoch ? "epoch" : String(property);
        (ofEpoch ? epochs : calls).push(String(property));
        const error = spy.fail(verb);
        if (error) throw error;
        return Reflect.apply(value, target, args);
      };
    },
    set(_target, property, value) {
      return Reflect.set(spy, property, value);
    },
  }) as IndexedStore & typeof spy;
}

export interface World {
  readonly sessions: Sessions<Data>;
  readonly store: ReturnType<typeof spyStore>;
  readonly clock: TestClock;
  readonly events: SessionEvent[];
}

export function world(options: Partial<SessionsOptions<Data>> & { clock?: TestClock } = {}): World {
  const clock = options.clock ?? testClock();
  const store = spyStore((options.store as IndexedStore | undefined) ?? createMemoryStore({ clock }));
  const events: SessionEvent[] = [];
  const sessions = createSessions<Data>({ initial: INITIAL, keys: KEYS, ...options, store, clock, onEvent: (event) => events.push(event) });
  return { sessions, store, clock, events };
}

/** A browser's cookies: what a response sets comes back with the next request. */
export class Jar {
  readonly cookies = new Map<string, string>();

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  headers(more: Record<string, string> = {}): Headers {
    return new Headers(this.cookies.size > 0 ? { cookie: this.header, ...more } : more);
  }

  take(cookies: readonly { name: string; value: string; header: string }[]): this {
    for (const { name, value, header } of cookies) {
      if (header.includes("Max-Age=0")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return this;
  }

  copy(): Jar {
    const jar = new Jar();
    for (const [name, value] of this.cookies) jar.cookies.set(name, value);
    return jar;
  }
}

/** One request: open, do, commit, and keep the cookies. */
export async function request<D>(
  sessions: Sessions<D>,
  jar: Jar,
  act: (session: Awaited<ReturnType<Sessions<D>["open"]>>) => void = () => undefined,
  headers: Record<string, string> = {},
): Promise<Awaited<ReturnType<Awaited<ReturnType<Sessions<D>["open"]>>["commit"]>>> {
  const session = await sessions.open(jar.headers(headers));
  act(session);
  const committed = await session.commit();
  jar.take(committed.cookies);
  return committed;
}

export const signedIn = async (sessions: Sessions<Data>, subject = "ada"): Promise<Jar> => {
  const jar = new Jar();
  await request(sessions, jar, (s) => s.start(subject));
  return jar;
};

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What a live row holds. */
export function recordOf(row: StoredSession | null): SessionRecord {
  const body = row && readBody(row.body);
  if (body?.kind !== "live") throw new Error("no live row");
  return body.record;
}
