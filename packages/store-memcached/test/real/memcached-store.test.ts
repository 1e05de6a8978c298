import { createSessions, generateKeys } from "@holdfast/session-core";
import type { Partition, SessionId, StoredSession } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createMemcachedStore, type MemcachedNode, type MemcachedStore } from "@holdfast/store-memcached";
import type { MemcachedConnection } from "@holdfast/store-memcached/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type MemcachedSettings, startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { UNHURRIED } from "../../../store-contract/test/shared/unhurried.ts";
import { command, connectTo, keysOf, stat } from "../support/nodes.ts";

const program = serviceFor("memcached", "what is memcached's own is");
const subjectOf = ({ id }: StoredSession): Partition => partitionOf(id);
const DAY = 86_400_000;

describe.skipIf(program === undefined)("[needs memcached]", () => {
  let server: Server;
  let connections: MemcachedConnection[];
  let store: MemcachedStore;
  beforeAll(async () => {
    server = await startMemcached(program ?? "");
    connections = connectTo([server]);
    store = createMemcachedStore(connections, { evicts: true });
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await server?.stop();
  });

  /** For one test, to its end. */
  const ownServer = async (settings?: MemcachedSettings): Promise<{ readonly own: Server; readonly nodes: MemcachedConnection[] }> => {
    const own = await startMemcached(program ?? "", settings);
    const nodes = connectTo([own]);
    onTestFinished(async () => {
      for (const node of nodes) node.close();
      await own.stop();
    });
    return { own, nodes };
  };
  /** The seconds that the server gives a key. */
  const lifeOf = async (key: string): Promise<number> => Number(/ t(\d+)/.exec(await command(server, `mg ${key} t`, /\r\n$/))?.[1]);
  const forget = (key: string): Promise<string> => command(server, `md ${key}`, /\r\n$/);

  describe("trips", () => {
    const counted = (): { readonly store: MemcachedStore; readonly trips: string[] } => {
      const trips: string[] = [];
      const node: MemcachedNode = {
        name: "counted",
        send(commands) {
          trips.push(commands.map(({ verb }) => verb).join(" "));
          return connections[0]?.send(commands) ?? expect.unreachable();
        },
      };
      return { store: createMemcachedStore([node], { evicts: true }), trips };
    };

    it("a read is one, a write two, the first sign-in and the one after everybody was signed out, too", async () => {
      const { store: own, trips } = counted();
      const row = testRow();
      const of = async (verb: () => Promise<unknown>): Promise<string[]> => (await verb(), trips.splice(0));
      expect(await of(() => own.create(row, { began: Date.now() }))).toEqual(["mg mg", "ms ms mg"]);
      expect(await of(() => own.create(testRow({ id: testId(subjectOf(row)) }), { began: Date.now() }))).toEqual(["mg mg", "ms mg"]);
      expect(await of(() => own.read(row.id))).toEqual(["mg mg"]);
      expect(await of(() => own.update({ ...row, revision: 1 }, 0))).toEqual(["mg mg", "ms"]);
      expect(await of(() => own.touch(row.id, row.seenAt + 1, row.expiresAt + 1))).toEqual(["mg mg", "ms"]);
      expect(await of(() => own.touch(row.id, row.seenAt, row.expiresAt))).toEqual(["mg mg"]);
      expect(await of(() => own.endAll(subjectOf(row), testTombstone()))).toEqual(["mg mg", "ms"]);
      expect(await of(() => own.create(testRow({ id: testId(subjectOf(row)) }), { began: Date.now() + 1 }))).toEqual(["mg mg", "ms mg"]);
    });
  });

  describe("[K05] names", () => {
    it("what is not plain or too long is hashed, and every key begins with the prefix", async () => {
      const own = createMemcachedStore(connections, { evicts: true, prefix: "names:" });
      const ids = ["a b\r\nflush_all\r\naaaaaaaaa", "é".repeat(24), "x".repeat(2000), "m:aaaaaaaaaaaaaaaaaaaaaa", "", testId()] as SessionId[];
      for (const id of ids) expect((await own.create(testRow({ id }), { began: Date.now() })).outcome).toBe("created");
      for (const id of ids) expect(await own.read(id)).toMatchObject({ id, body: "live" });
      const names = await keysOf(server, "names:");
      expect(names).toHaveLength(12);
      for (const name of names) expect(name).toMatch(/^names:(m:)?(h:[\w-]{43}|[\w-]{0,64})$/);
      expect(await store.read(ids.at(-1) ?? testId())).toBeNull();
    });
  });

  describe("lives", () => {
    it("[C09] a session of 40 days is there, and the server is told a date", async () => {
      const row = testRow({ expiresAt: Date.now() + 40 * DAY });
      await store.create(row, { began: Date.now() });
      expect(await store.read(row.id)).toEqual(row);
      expect(await lifeOf(`hf:${row.id}`)).toBeGreaterThan(40 * 86_400 - 60);
      const longer = Date.now() + 90 * DAY;
      expect(await store.touch(row.id, row.seenAt, longer)).toBe("touched");
      expect(await store.read(row.id)).toEqual({ ...row, expiresAt: longer });
      for (const key of [`hf:${row.id}`, `hf:m:${subjectOf(row)}`]) expect(await lifeOf(key)).toBeGreaterThan(90 * 86_400 - 60);
    });

    it("[K08] the server removes what is over by itself: each key has an end, the mark one after all its sessions", async () => {
      const partition = testPartition();
      const row = testRow({ id: testId(partition) });
      await store.create(row, { began: Date.now() });
      const longer = testRow({ id: testId(partition), expiresAt: row.expiresAt + 3 * DAY });
      await store.create(longer, { began: Date.now() });
      const marked = await lifeOf(`hf:m:${partition}`);
      expect(marked).toBeGreaterThan(3 * 86_400 + 3500);
      expect(marked).toBeLessThan(5 * 86_400);
      // The shorter one goes on: that takes nothing from the longer one.
      await store.touch(row.id, row.seenAt + 1, row.expiresAt + 60_000);
      expect(await lifeOf(`hf:m:${partition}`)).toBeGreaterThan(marked - 60);
      await store.end(row.id, testTombstone());
      expect(await lifeOf(`hf:${row.id}`)).toBeLessThanOrEqual(602);
      await store.endAll(partition, testTombstone());
      expect(await lifeOf(`hf:m:${partition}`)).toBeGreaterThan(400 * 86_400 - 60);
    });
  });

  describe("[D05] the mark", () => {
    const signIn = async (partition: Partition, began = Date.now()): Promise<StoredSession> => {
      const row = testRow({ id: testId(partition) });
      expect((await store.create(row, { began })).outcome).toBe("created");
      return row;
    };

    it("that is lost takes its sessions along, and a later sign-in brings none of them back", async () => {
      const partition = testPartition();
      const [first, second] = [await signIn(partition), await signIn(partition)];
      await store.endAll(partition, testTombstone(), { except: second.id });
      await forget(`hf:m:${partition}`);
      expect(await Promise.all([first, second].map(({ id }) => store.read(id)))).toEqual([null, null]);
      const third = await signIn(partition);
      expect(await Promise.all([first, second, third].map(({ id }) => store.read(id)))).toEqual([null, null, third]);
      expect(await store.touch(first.id, first.seenAt, first.expiresAt + 1)).toBe("missing");
      expect(await store.end(second.id, testTombstone())).toBe("missing");
    });

    it("that is unreadable does so, too, and is written anew", async () => {
      const partition = testPartition();
      const first = await signIn(partition);
      for (const words of ["{", "null", '{"generation":1}', "[]", '"x"']) {
        await command(server, `ms hf:m:${partition} ${words.length}\r\n${words}`, /HD\r\n$/);
        expect(await store.read(first.id)).toBeNull();
        const next = await signIn(partition);
        expect(await store.read(next.id)).toEqual(next);
      }
    });

    it("spares one session, also through a second ending, and nobody who was over before", async () => {
      const partition = testPartition();
      const [ended, spared] = [await signIn(partition), await signIn(partition)];
      for (let i = 0; i < 2; i++) await store.endAll(partition, testTombstone(), { except: spared.id });
      expect(await store.read(spared.id)).toEqual(spared);
      const changed = { ...spared, revision: 1, body: "goes on" };
      expect(await store.update(changed, 0)).toBe("updated");
      await store.endAll(partition, testTombstone(), { except: ended.id });
      for (const { id } of [ended, spared]) {
        expect((await store.read(id))?.body).toBe("ended");
        expect(await store.touch(id, 1, 2)).toBe("missing");
      }
    });

    it("of somebody else is not written, whoever `except` names", async () => {
      const [ada, bob] = [await signIn(testPartition()), await signIn(testPartition())];
      await store.endAll(subjectOf(ada), testTombstone(), { except: bob.id });
      expect((await store.read(ada.id))?.body).toBe("ended");
      expect(await store.read(bob.id)).toEqual(bob);
    });

    it("that changes while a session is made makes it dead, and the sign-in counts only if it began later", async () => {
      for (const later of [false, true]) {
        const partition = testPartition();
        await signIn(partition);
        let ended = false;
        const row = testRow({ id: testId(partition) });
        const between: MemcachedNode = {
          name: "between",
          async send(commands) {
            if (commands.some(({ verb }) => verb === "ms") && !ended) {
              ended = true;
              await store.endAll(partition, testTombstone());
            }
            return (await connections[0]?.send(commands)) ?? expect.unreachable();
          },
        };
        const { outcome } = await createMemcachedStore([between], { evicts: true }).create(row, { began: Date.now() + (later ? 60_000 : 0) });
        expect([ended, outcome]).toEqual([true, later ? "created" : "revoked"]);
        expect(await store.read(row.id)).toEqual(later ? row : null);
      }
    });

    it("[D10] a session that replaces another one of its own is there when that one is over, and where it is refused nothing changes", async () => {
      const partition = testPartition();
      const { notBefore } = await store.endAll(partition, testTombstone());
      const old = await signIn(partition, notBefore + 1);
      const stone = testTombstone({ body: "replaced" });
      const fresh = testRow({ id: testId(partition) });
      const replaces = { id: old.id, tombstone: stone };
      expect(await store.create(fresh, { began: notBefore, replaces })).toEqual({ outcome: "revoked", evicted: [] });
      expect(await store.create(old, { began: notBefore + 1, replaces })).toEqual({ outcome: "exists", evicted: [] });
      expect(await store.read(old.id)).toEqual(old);
      expect(await store.create(fresh, { began: notBefore + 1, replaces })).toEqual({ outcome: "created", evicted: [] });
      expect(await store.read(old.id)).toMatchObject(stone);
      expect(await store.read(fresh.id)).toEqual(fresh);
    });
  });

  describe("[D05] through the core, without a list", () => {
    it("revokeAll ends all sessions of a subject or all but one, refuses sign-ins that began before, and a sign-in may end the others", async () => {
      let now = Date.now();
      const clock = { now: () => now, wait: async () => undefined };
      const sessions = createSessions({ store: createMemcachedStore(connections, { evicts: true, clock }), storeTimeout: UNHURRIED, keys: generateKeys(), clock });
      const began = now;
      const [first, second, other] = await Promise.all(["ada", "ada", "bob"].map((subject) => sessions.issue(subject)));
      const stateOf = async (issued: typeof first) => (await sessions.open(issued?.credential.reveal() ?? "")).state;
      const kinds = async (...all: (typeof first)[]): Promise<string[]> => Promise.all(all.map(async (each) => (await stateOf(each)).kind));
      await sessions.revokeAll("ada", { except: second?.state.id ?? expect.unreachable() });
      expect(await kinds(first, second, other)).toEqual(["none", "active", "active"]);
      await expect(sessions.issue("ada", {}, { authenticatedAt: began })).rejects.toMatchObject({ code: "sign_in_revoked" });
      now += 1;
      const third = await sessions.issue("ada", {}, { revokeOthers: true });
      expect(await kinds(second, third, other)).toEqual(["none", "active", "active"]);
      expect(await sessions.revokeAll("ada")).toEqual({ notBefore: now, ended: 0 });
      expect(await kinds(third, other)).toEqual(["none", "active"]);
      for (const each of [first, second, third]) expect(await stateOf(each)).toEqual({ kind: "none", ended: "revoked" });
    });

    it("of 50 sign-ins beside a revocation none is alive that began by then, and of 20 that end the others at once one is left at most", async () => {
      const sessions = createSessions({ store, storeTimeout: UNHURRIED, keys: generateKeys() });
      const began = Date.now();
      const signIns = Array.from({ length: 50 }, (_, i) => sessions.issue("ada", {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
      const [, ...done] = await Promise.all([sessions.revokeAll("ada"), ...signIns]);
      const alive = async (issued: Awaited<(typeof signIns)[number]>): Promise<boolean> => issued !== undefined && (await sessions.open(issued.credential.reveal())).state.kind === "active";
      expect((await Promise.all(done.map(alive))).filter(Boolean)).toHaveLength(0);
      const alone = await Promise.all(Array.from({ length: 20 }, () => sessions.issue("bob", {}, { revokeOthers: true }).catch(() => undefined)));
      expect((await Promise.all(alone.map(alive))).filter(Boolean).length).toBeLessThanOrEqual(1);
    });
  });

  describe("sizes", () => {
    it("[K05] a row that is too large is refused before the server drops the one it has", async () => {
      const row = testRow();
      await store.create(row);
      const body = "x".repeat(1_000_000);
      await expect(store.update({ ...row, revision: 1, body }, 0)).rejects.toMatchObject({ code: "data_too_large" });
      await expect(store.create(testRow({ body }), { began: Date.now() })).rejects.toMatchObject({ code: "data_too_large" });
      expect(await store.read(row.id)).toEqual(row);
      const largest = { ...row, revision: 1, body: "x".repeat(999_900) };
      expect(await store.update(largest, 0)).toBe("updated");
      expect(await store.read(row.id)).toEqual(largest);
    });

    it("a session with 280 bytes of application data takes less than 1,000 bytes of the server, its mark and what slabs waste included", async () => {
      const { own, nodes } = await ownServer();
      const sessions = createSessions({ store: createMemcachedStore(nodes, { evicts: true }), storeTimeout: UNHURRIED, keys: generateKeys() });
      const taken = async (): Promise<number> => {
        const told = await command(own, "stats slabs", /END\r\n$/);
        const sum = [...told.matchAll(/STAT (\d+):used_chunks (\d+)/g)].map(([, slab, used]) => Number(used) * Number(new RegExp(`STAT ${slab}:chunk_size (\\d+)`).exec(told)?.[1]));
        return sum.reduce((a, b) => a + b, 0);
      };
      const before = await taken();
      for (let i = 0; i < 200; i++) await sessions.issue(`user-${i}@example.org`, { cart: "x".repeat(269) });
      const each = ((await taken()) - before) / 200;
      console.log(`memcached: ${each} bytes for a session with 280 bytes of application data`);
      expect(each).toBeLessThan(1000);
      expect(each).toBeGreaterThan(500);
    });
  });

  describe("[K04] eviction", () => {
    it("signs people out early and brings nobody back: what was ended or revoked stays over, whatever is dropped", { timeout: 120_000 }, async () => {
      const { own: small, nodes } = await ownServer({ megabytes: 2, args: ["-o", "no_lru_crawler"] });
      const own = createMemcachedStore(nodes, { evicts: true });
      const make = async (): Promise<StoredSession> => {
        const row = testRow({ body: "x".repeat(400) });
        await own.create(row, { began: Date.now() });
        return row;
      };
      const [ended, revoked, kept] = await Promise.all([0, 1, 2].map(() => Promise.all(Array.from({ length: 100 }, make))));
      for (const { id } of ended ?? []) await own.end(id, testTombstone());
      for (const row of revoked ?? []) await own.endAll(subjectOf(row), testTombstone());
      const alive = async (rows: readonly StoredSession[] = []): Promise<number> => {
        const words = await Promise.all(rows.map(({ id }) => own.touch(id, 0, 0)));
        return words.filter((word) => word === "touched").length;
      };
      expect(await Promise.all([ended, revoked, kept].map(alive))).toEqual([0, 0, 100]);
      // Nobody asks for most of them while new sessions come, so they are the first to be dropped; some of the ended try again and again.
      for (let round = 0; round < 100; round++) {
        await Promise.all(Array.from({ length: 100 }, make));
        expect(await Promise.all([ended?.slice(50), revoked?.slice(50)].map(alive))).toEqual([0, 0]);
      }
      expect(await stat(small, "evictions")).toBeGreaterThan(0);
      expect(await Promise.all([ended, revoked].map(alive))).toEqual([0, 0]);
      expect(await alive(kept)).toBeLessThan(100);
      for (const row of revoked ?? []) await own.create(testRow({ id: testId(subjectOf(row)) }), { began: Date.now() + 60_000 });
      expect(await Promise.all([ended, revoked].map(alive))).toEqual([0, 0]);
    });

    it("a server that drops nothing (-M) refuses sign-ins when it is full, with a code, and loses who is written to then", { timeout: 120_000 }, async () => {
      const { nodes } = await ownServer({ megabytes: 2, args: ["-M"] });
      const own = createMemcachedStore(nodes, { evicts: true });
      const rows: StoredSession[] = [];
      const fill = async (): Promise<never> => {
        for (;;) {
          const row = testRow({ body: "x".repeat(1000) });
          await own.create(row);
          rows.push(row);
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: "store_full" });
      const [first, second] = rows as [StoredSession, StoredSession];
      await expect(own.touch(first.id, first.seenAt + 1, first.expiresAt)).rejects.toMatchObject({ code: "ESERVER" });
      // It had no room for the new row, and dropped the one it had.
      expect([await own.read(first.id), await own.read(second.id)]).toEqual([null, second]);
    });
  });
});
