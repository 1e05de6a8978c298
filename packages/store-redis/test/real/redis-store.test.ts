import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { createSessions, generateKeys } from "@holdfast/session-core";
import { createRegister } from "@holdfast/session-core/register";
import type { Partition, SessionId, StoredSession } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { untilRedis } from "../../../../tools/services/redis-ask.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";

const program = serviceFor("redis", "what is Redis' own is");
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const config = (option: string): unknown => expect.objectContaining({ code: "config", option });
const partitionOf = ({ id }: StoredSession): Partition => id.slice(0, 12) as Partition;

describe.skipIf(program === undefined)("[needs redis]", () => {
  let server: Server;
  let connected: Connected;
  const command = (...args: string[]): Promise<unknown> => connected.command("", ...args);
  const indexOf = (partition: Partition): Promise<unknown> => command("ZRANGE", `hf:i{${partition}}`, "0", "-1");
  beforeAll(async () => {
    server = await startRedis(program ?? "", { args: ["--repl-diskless-sync-delay", "0"] });
    connected = await CLIENTS["ioredis 6"](server.url);
  });
  afterAll(async () => {
    await connected?.close();
    await server?.stop();
  });

  describe("commands", () => {
    it("a read is one GET; list and endAll know their keys and ask for no others", async () => {
      const store = createRedisStore(connected.client);
      const [first, second] = [testRow(), testRow()];
      await store.create(first, { began: Date.now() });
      await store.create(second);
      await command("CONFIG", "RESETSTAT");
      for (const { id } of [first, second, testRow()]) await store.read(id);
      expect(await counted()).toEqual({ "config|resetstat": 1, get: 3 });
      await store.list(partitionOf(first));
      await store.endAll(partitionOf(first), testTombstone());
      for (const slow of ["scan", "keys", "subscribe", "psubscribe"]) expect(await counted()).not.toHaveProperty(slow);
    });

    const counted = async (): Promise<Record<string, number>> => {
      const told = String(await command("INFO", "commandstats"));
      return Object.fromEntries([...told.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].filter(([, name]) => name !== "info").map(([, name = "", calls]) => [name, Number(calls)]));
    };

    for (const client of ["node-redis 6", "ioredis 6"] as const) {
      it(`scripts that the server has lost are sent again, with ${client}`, async () => {
        const { client: own, close } = await CLIENTS[client](server.url);
        const store = createRedisStore(own);
        const verbs = async (): Promise<unknown[]> => {
          const row = testRow();
          const { outcome } = await store.create(row, { began: Date.now() });
          return [
            outcome,
            await store.update({ ...row, revision: 1 }, 0),
            await store.touch(row.id, row.seenAt, row.expiresAt),
            (await store.list(partitionOf(row))).rows.length,
            await store.end(row.id, testTombstone()),
            (await store.endAll(partitionOf(row), testTombstone())).ended.length,
          ];
        };
        const expected = ["created", "updated", "touched", 1, "ended", 0];
        expect(await verbs()).toEqual(expected);
        await command("SCRIPT", "FLUSH");
        expect(await verbs()).toEqual(expected);
        await close();
      });
    }

    it("a prefix that the client puts before every key is in the names that scripts make, too", async () => {
      const own = new Redis(server.port, "127.0.0.1", { keyPrefix: "app:" });
      const store = createRedisStore(own);
      const partition = testPartition();
      const now = Date.now();
      const rows = [1, 2, 3].map((age) => testRow({ id: testId(partition), createdAt: now - age }, now));
      const limit = { max: 2, whenFull: "evict-oldest", tombstone: testTombstone() } as const;
      for (const row of rows.toReversed()) await store.create(row, { began: row.createdAt, limit });
      expect((await store.list(partition)).rows).toEqual(rows.slice(0, 2));
      expect((await store.endAll(partition, testTombstone())).ended).toHaveLength(2);
      expect(await indexOf(partition)).toEqual([]);
      own.disconnect();
    });
  });

  describe("what is left behind", () => {
    it("[K08] every key has an end: a row its deadline, an index that of its longest row, a mark 400 days", async () => {
      const store = createRedisStore(connected.client);
      const partition = testPartition();
      const row = testRow({ id: testId(partition) });
      const end = async (kind: string): Promise<unknown> => command("PEXPIRETIME", kind);
      await store.create(row, { began: Date.now() });
      await store.create(testRow({ id: testId(partition), expiresAt: row.expiresAt - 1000 }), { began: Date.now() });
      expect(await end(`hf:{${partition}}${row.id.slice(12)}`)).toBe(row.expiresAt);
      expect(await end(`hf:i{${partition}}`)).toBe(row.expiresAt);
      await store.touch(row.id, row.seenAt, row.expiresAt + 5000);
      expect(await end(`hf:i{${partition}}`)).toBe(row.expiresAt + 5000);
      await store.update({ ...row, revision: 1, expiresAt: row.expiresAt + 9000 }, 0);
      expect(await end(`hf:i{${partition}}`)).toBe(row.expiresAt + 9000);
      const { notBefore } = await store.endAll(partition, testTombstone());
      expect(Number(await end(`hf:m{${partition}}`)) - notBefore).toBeGreaterThanOrEqual(400 * 86_400_000 - 1000);
      expect(await command("EXISTS", `hf:i{${partition}}`)).toBe(0);
    });

    it("[K08] the index heals where it is met: members that expired, were deleted or dropped by the server leave it", async () => {
      const store = createRedisStore(connected.client);
      const partition = testPartition();
      const rows = Array.from({ length: 3 }, () => testRow({ id: testId(partition) }));
      for (const row of rows) await store.create(row, { began: Date.now() });
      await command("DEL", `hf:{${partition}}${rows[0]?.id.slice(12) ?? ""}`);
      expect((await store.list(partition)).rows).toHaveLength(2);
      expect(await indexOf(partition)).toHaveLength(2);
      await command("DEL", `hf:{${partition}}${rows[1]?.id.slice(12) ?? ""}`);
      const limit = { max: 2, whenFull: "reject", tombstone: testTombstone() } as const;
      expect((await store.create(testRow({ id: testId(partition) }), { began: Date.now(), limit })).outcome).toBe("created");
      expect(await indexOf(partition)).toHaveLength(2);
    });

    it("[K08] the index of a subject who is never without a session does not grow with those that came and went, also where nobody lists them", async () => {
      const store = createRedisStore(connected.client);
      const partition = testPartition();
      await store.create(testRow({ id: testId(partition) }), { began: Date.now() });
      for (let i = 0; i < 200; i++) {
        const brief = testRow({ id: testId(partition), expiresAt: Date.now() + 1 });
        await store.create(brief, { began: Date.now() });
        // Gone before the next one comes: the faster the machine, the more of them would live at once.
        await until(() => Date.now() > brief.expiresAt, 1);
      }
      expect(((await indexOf(partition)) as string[]).length).toBeLessThan(40);
    });

    it("a value that is no row reads as absent, and no verb takes it for one", async () => {
      const store = createRedisStore(connected.client);
      const { id } = testRow();
      await command("SET", `hf:{${id.slice(0, 12)}}${id.slice(12)}`, "x");
      expect(await store.read(id)).toBeNull();
      expect(await store.touch(id, 1, Date.now() + 1000)).toBe("missing");
      expect(await store.end(id, testTombstone())).toBe("missing");
    });

    it("two prefixes are two stores", async () => {
      const [mine, yours] = [createRedisStore(connected.client, { prefix: "mine:" }), createRedisStore(connected.client, { prefix: "yours:" })];
      const row = testRow();
      await mine.create(row, { began: Date.now() });
      expect(await yours.read(row.id)).toBeNull();
      expect((await yours.list(partitionOf(row))).rows).toEqual([]);
      expect(await mine.read(row.id)).toEqual(row);
    });
  });

  describe("[K05] names", () => {
    it("an id that could leave its slot or its prefix is never sent", async () => {
      const store = createRedisStore(connected.client);
      await command("CONFIG", "RESETSTAT");
      for (const id of ["{a}", "}{".repeat(12), "a b".repeat(8), "é".repeat(24), "short", "x".repeat(25)] as SessionId[]) {
        expect(await store.read(id)).toBeNull();
        expect(await store.update(testRow({ id }), 0)).toBe("missing");
        expect(await store.touch(id, 1, 2)).toBe("missing");
        expect(await store.end(id, testTombstone())).toBe("missing");
        expect(await store.delete(id)).toBeUndefined();
        expect(await store.list(id as string as Partition)).toEqual({ rows: [] });
        await expect(store.create(testRow({ id }))).rejects.toMatchObject({ code: "invalid_data" });
        await expect(store.endAll(id as string as Partition, testTombstone())).rejects.toMatchObject({ code: "invalid_data" });
      }
      expect(String(await command("INFO", "commandstats"))).not.toMatch(/cmdstat_(get|set|eval|evalsha|del):/);
    });

    it("the rights of the README are enough, and no others are used", async () => {
      const [, given = ""] = /rights only: `([^`]+)`/.exec(readme) ?? [];
      const [, called = ""] = /scripts call \(`([^`]+)`\)/.exec(readme) ?? [];
      await command("ACL", "SETUSER", "least", "on", ">secret", "-@all", ...`${given} ${called}`.split(/\s+/));
      const own = new Redis(server.port, "127.0.0.1", { username: "least", password: "secret", enableReadyCheck: false });
      own.on("error", () => undefined);
      const store = createRedisStore(own);
      const [row, guest] = [testRow(), testRow()];
      await store.check();
      await store.create(guest);
      const limit = { max: 1, whenFull: "evict-oldest", tombstone: testTombstone() } as const;
      for (const id of [testId(partitionOf(row)), row.id]) await store.create(testRow({ id }), { began: Date.now(), limit });
      await store.create(testRow({ id: testId(partitionOf(row)) }), { began: Date.now() });
      expect(await store.update({ ...row, revision: 1 }, 0)).toBe("updated");
      expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("touched");
      expect((await store.list(partitionOf(row))).rows).toHaveLength(2);
      expect(await store.end(row.id, testTombstone())).toBe("ended");
      expect((await store.endAll(partitionOf(row), testTombstone())).ended).toHaveLength(1);
      await store.delete(guest.id);
      expect(await store.read(guest.id)).toBeNull();
      own.disconnect();
    });

    it.each(["", "a{b}", "a b", "x".repeat(65)])("the prefix %j is refused", (prefix) => {
      expect(() => createRedisStore(connected.client, { prefix })).toThrow(config("prefix"));
    });
  });

  describe("[K04] a server that may drop sessions", () => {
    beforeEach(() => command("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru"));
    afterEach(() => command("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction"));

    it("is refused at check() and at the first sign-in, and again until it is put right", async () => {
      const store = createRedisStore(connected.client);
      await expect(store.check()).rejects.toThrow(config("evicts"));
      for (let i = 0; i < 2; i++) await expect(store.create(testRow())).rejects.toThrow(config("evicts"));
      await command("CONFIG", "SET", "maxmemory-policy", "noeviction");
      expect((await store.create(testRow())).outcome).toBe("created");
    });

    it("is accepted by option; then what must not be dropped is refused", async () => {
      const store = createRedisStore(connected.client, { evicts: true });
      await store.check();
      expect((await store.create(testRow())).outcome).toBe("created");
      expect(store.capabilities.evicts).toBe(true);
      expect(() => createRegister({ store, keys: generateKeys() })).toThrow(expect.objectContaining({ code: "unsupported" }));
      await expect(createSessions({ store, keys: generateKeys() }).revokeEverything()).rejects.toMatchObject({ code: "unsupported" });
    });

    it("is believed to be as the options say where it does not tell", async () => {
      await command("ACL", "SETUSER", "app", "on", ">secret", "~hf:*", "+@all", "-info", "-config");
      const own = new Redis(server.port, "127.0.0.1", { username: "app", password: "secret", enableReadyCheck: false });
      const store = createRedisStore(own);
      await store.check();
      expect((await store.create(testRow(), { began: Date.now() })).outcome).toBe("created");
      own.disconnect();
    });
  });

  it("a full server takes nobody in, lets sessions end, and keeps those in use: who is active does not idle out", async () => {
    const store = createRedisStore(connected.client);
    const rows = Array.from({ length: 3 }, () => testRow({ body: "x".repeat(500) }));
    for (const row of rows) await store.create(row, { began: Date.now() });
    const guest = testRow();
    await store.create(guest);
    await command("CONFIG", "SET", "maxmemory", "1mb");
    try {
      for (const guard of [undefined, { began: Date.now() }]) {
        const refusal: unknown = await store.create(testRow({ body: '{"data":"CANARY"}' }), guard).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: "store_full" });
        // Clients hang the command on their errors, and that holds the row.
        expect(inspect(refusal, { depth: 9, showHidden: true })).not.toContain("CANARY");
      }
      const [first, second, third] = rows as [StoredSession, StoredSession, StoredSession];
      for (const row of [first, guest]) {
        expect(await store.touch(row.id, row.seenAt + 1, row.expiresAt + 1)).toBe("touched");
        expect(await store.update({ ...row, revision: 1, body: `${row.body}${"y".repeat(500)}` }, 0)).toBe("updated");
        expect(await store.read(row.id)).toMatchObject({ revision: 1, seenAt: row.seenAt + 1, expiresAt: row.expiresAt + 1 });
        await expect(store.update({ ...row, revision: 2, body: "z".repeat(5000) }, 1)).rejects.toThrow(/^OOM/);
        expect((await store.read(row.id))?.revision).toBe(1);
      }
      expect(await store.end(first.id, testTombstone())).toBe("ended");
      expect((await store.endAll(partitionOf(second), testTombstone())).ended).toEqual([second.id]);
      const { notBefore } = await store.endAll(testPartition(), testTombstone());
      expect(notBefore).toBeGreaterThan(0);
      await store.delete(third.id);
      for (const { id } of [first, second]) expect((await store.read(id))?.body).toBe("ended");
    } finally {
      await command("CONFIG", "SET", "maxmemory", "0");
    }
  });

  describe("clients", () => {
    it("what is no client is refused", () => {
      for (const client of [undefined, null, {}, "redis://localhost"]) expect(() => createRedisStore(client as never)).toThrow(config("client"));
    });

    it("one that reads from replicas is refused", () => {
      for (const options of [{ scaleReads: "slave" }, { scaleReads: "all" }, { role: "slave" }, { readOnly: true }]) {
        expect(() => createRedisStore({ call: async () => undefined, pipeline: () => ({ exec: async () => null }), options } as never)).toThrow(config("client"));
      }
    });

    for (const client of ["node-redis 6", "ioredis 6"] as const) {
      it(`calls to a server that does not answer end with their signal, with ${client}`, async () => {
        const deaf = await startRedis(program ?? "");
        const { client: own, close } = await CLIENTS[client](deaf.url);
        const store = createRedisStore(own);
        const row = testRow();
        await store.create(row, { began: Date.now() });
        await deaf.signal("SIGSTOP");
        const reason = new Error("time is over");
        const controller = new AbortController();
        const { signal } = controller;
        const calls = [store.read(row.id, { signal }), store.touch(row.id, 1, 2, { signal }), store.end(row.id, testTombstone(), { signal }), store.create(testRow(), undefined, { signal })];
        const outcomes = Promise.allSettled(calls);
        controller.abort(reason);
        for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason });
        await deaf.signal("SIGCONT");
        await close();
        await deaf.stop();
      });

      it(`comes back after a restart of the server with nothing in it, with ${client}`, async () => {
        const own = await startRedis(program ?? "");
        const { client: reconnecting, close } = await CLIENTS[client](own.url);
        const store = createRedisStore(reconnecting);
        const row = testRow();
        await store.create(row, { began: Date.now() });
        await own.restart();
        await expect.poll(() => store.read(row.id).catch(() => row), { timeout: 60_000 }).toBeNull();
        expect((await store.create(row, { began: Date.now() })).outcome).toBe("created");
        await close();
        await own.stop();
      });
    }
  });

  it("a replica is refused, and takes no write", async () => {
    const replica = await startRedis(program ?? "", { args: ["--replicaof", "127.0.0.1", String(server.port)] });
    await untilRedis(replica.port, "INFO replication", /master_link_status:up/);
    const { client, close } = await CLIENTS["node-redis 6"](replica.url);
    const store = createRedisStore(client);
    await expect(store.check()).rejects.toThrow(config("client"));
    await expect(store.create(testRow())).rejects.toThrow(config("client"));
    await expect(store.touch(testId(), 1, 2)).resolves.toBe("missing");
    await close();
    await replica.stop();
  });
});
