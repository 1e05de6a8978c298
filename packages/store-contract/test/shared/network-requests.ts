import { createSessions, generateKeys, type RequestSession, type Sessions } from "@holdfast/session-core";
import { resilientStore } from "@holdfast/session-core/resilient";
import type { SessionStore } from "@holdfast/session-core/store";
import { sessionRoutes } from "@holdfast/session-hono";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { expect, it } from "vitest";
import type { FaultProxy } from "../../../../tools/services/fault-proxy.ts";
import type { SharedStore } from "./engine.ts";
import { answers, until } from "./kill.ts";
import type { Reach } from "./network.ts";
import { UNHURRIED } from "./unhurried.ts";

interface Place {
  readonly proxy: FaultProxy;
  readonly store: SharedStore;
  readonly direct: SharedStore;
}
interface Data {
  readonly count: number;
}

const DEADLINE = 300;
const ROUNDS = 4;

/** Signs in by a way that is well. */
async function signedIn(sessions: Sessions<Data>, subject: string): Promise<string> {
  const session = await sessions.open(new Headers());
  session.start(subject);
  const { cookies } = await session.commit();
  return cookies.filter(({ value }) => value !== "").map(({ name, value }) => `${name}=${value}`).join("; ");
}

/** What holds of requests while the network to the engine breaks. */
export function describeRequests(place: () => Place, reach: Reach): void {
  const ways: Readonly<Record<string, (store: SharedStore) => SharedStore>> = {
    "alone": (store) => store,
    "under resilientStore": (store) => resilientStore(store, { attemptTimeout: DEADLINE, pause: 20 }),
  };
  for (const [way, wrap] of Object.entries(ways)) {
    it.each(["black-hole", "reset"] as const)(`[J04] requests, the store ${way}: %s is 503 at the edge, deletes no cookie, and signs nobody out`, async (fault) => {
      const { proxy, store, direct } = place();
      const keys = generateKeys();
      const failed = new Set<string>();
      const cookie = await signedIn(createSessions<Data>({ store: direct, storeTimeout: UNHURRIED, keys, initial: { count: 0 } }), "ada");
      const sessions = createSessions<Data>({
        store: wrap(store),
        keys,
        initial: { count: 0 },
        storeTimeout: 2 * DEADLINE,
        onEvent: (event) => event.type === "store_failed" && failed.add(event.verb),
      });
      const routes = sessionRoutes(sessions);
      const send = async (method: string, path: string): Promise<Response> => routes.request(path, { method, headers: { cookie, "sec-fetch-site": "same-origin" } });
      proxy.set(fault);
      for (const [method, path] of [["GET", "/"], ["POST", "/touch"], ["POST", "/refresh"], ["POST", "/logout"]] as const) {
        const response = await send(method, path);
        expect([path, response.status, response.headers.getSetCookie()]).toEqual([path, 503, []]);
        expect(await response.json()).toMatchObject({ status: 503 });
      }
      expect([...failed]).toContain("read");
      proxy.set("none");
      await answers(store);
      let view: unknown;
      await until(async () => {
        const response = await send("GET", "/");
        view = await response.json();
        return response.status === 200;
      });
      expect(view).toMatchObject({ state: "active" });
    });
  }

  const acts: Readonly<Record<"create" | "update" | "end", { warm(store: SessionStore): Promise<unknown>; act(session: RequestSession<Data>): void; holds(sessions: Sessions<Data>, subject: string, cookie: string): Promise<void> }>> = {
    create: {
      warm: (store) => store.create(testRow(), { began: Date.now() }),
      act: (session) => session.start("grace"),
      // Told that she is signed in, so she is, and once: one session more.
      holds: async (sessions) => expect(await sessions.list("grace")).toHaveLength(1),
    },
    update: {
      warm: (store) => store.update(testRow(), 0),
      act: (session) => session.update(({ count }) => ({ count: count + 1 })),
      holds: async (sessions, _subject, cookie) => expect((await sessions.open(new Headers({ cookie }))).state).toMatchObject({ data: { count: 1 } }),
    },
    end: {
      warm: (store) => store.end(testRow().id, testTombstone()),
      act: (session) => session.end(),
      holds: async (sessions, _subject, cookie) => expect((await sessions.open(new Headers({ cookie }))).state).toEqual({ kind: "none", ended: "logout" }),
    },
  };
  for (const [verb, { warm, act, holds }] of Object.entries(acts) as [keyof typeof acts, (typeof acts)["create"]][]) {
    it(`[J04] a ${verb} whose answer is lost is applied once, and who is told so is told the truth`, async () => {
      const { proxy, direct } = place();
      // One connection: a statement that is prepared is prepared.
      const reached = await reach(proxy.port, 1);
      try {
        const armed: SharedStore = { ...reached.store };
        const call = reached.store[verb] as (...args: unknown[]) => Promise<unknown>;
        const cut = (): void => proxy.set("cut-answer");
        Object.assign(armed, { [verb]: (...args: unknown[]) => ((reached.beforeWrite ?? ((now) => now()))(cut), call(...args)) });
        for (let round = 0; round < ROUNDS; round += 1) {
          const keys = generateKeys();
          const elsewhere = createSessions<Data>({ store: direct, storeTimeout: UNHURRIED, keys, initial: { count: 0 } });
          const sessions = createSessions<Data>({ store: resilientStore(armed, { attemptTimeout: UNHURRIED / 4 }), storeTimeout: UNHURRIED, keys, initial: { count: 0 } });
          const cookie = await signedIn(elsewhere, "ada");
          await answers(reached.store);
          await warm(reached.store);
          const { cuts } = proxy;
          const session = await sessions.open(new Headers({ cookie }));
          const events: string[] = [];
          sessions.on(({ type }) => void events.push(type));
          act(session);
          await session.commit();
          if (verb === "end") expect(events).toContain("session_logout");
          expect(proxy.cuts).toBe(cuts + 1);
          await holds(elsewhere, "ada", cookie);
        }
      } finally {
        await reached.close();
      }
    });
  }
}
