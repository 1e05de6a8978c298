import { spawnSync } from "node:child_process";
import { createSessions, generateKeys, HoldfastError } from "@holdfast/session-core";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createMemcachedStore, type MemcachedStore } from "@holdfast/store-memcached";
import { connectMemcached, type MemcachedConnection } from "@holdfast/store-memcached/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../../../../apps/engines/src/site/certificate.ts";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { UNHURRIED } from "../../../store-contract/test/shared/unhurried.ts";
import { command, connectTo, keysOf } from "../support/nodes.ts";

const program = serviceFor("memcached", "nodes that fail are");

describe.skipIf(program === undefined)("[needs memcached]", () => {
  describe("two nodes", () => {
    let servers: Server[];
    let connections: MemcachedConnection[];
    let store: MemcachedStore;
    beforeAll(async () => {
      servers = await Promise.all([1, 2].map(() => startMemcached(program ?? "")));
      connections = connectTo(servers);
      store = createMemcachedStore(connections, { evicts: true });
    });
    afterAll(async () => {
      for (const connection of connections) connection.close();
      for (const server of servers) await server.stop();
    });

    it("share the sessions; a session and the mark of its subject lie on one", async () => {
      const rows = Array.from({ length: 50 }, () => testRow());
      for (const row of rows) await store.create(row, { began: Date.now() });
      const keys = await Promise.all(servers.map((server) => keysOf(server)));
      for (const there of keys) expect(there.length).toBeGreaterThan(0);
      for (const { id } of rows) {
        const row = keys.findIndex((there) => there.includes(`hf:${id}`));
        expect(row).toBeGreaterThanOrEqual(0);
        expect(keys.findIndex((there) => there.includes(`hf:m:${id.slice(0, 12)}`))).toBe(row);
      }
    });

    it("[K07] when one is killed under writes its sessions are faults, not misses, on no other node, and gone when it is back; the other node's go on", { timeout: 120_000 }, async () => {
      const sessions = createSessions({ store, storeTimeout: UNHURRIED, keys: generateKeys() });
      const issued = await Promise.all(Array.from({ length: 40 }, (_, i) => sessions.issue(`person ${i}`)));
      const lies = await Promise.all(servers.map((server) => keysOf(server)));
      const onFirst = issued.filter(({ state }) => lies[0]?.includes(`hf:${state.id}`));
      const onSecond = issued.filter(({ state }) => lies[1]?.includes(`hf:${state.id}`));
      expect([onFirst.length > 0, onSecond.length > 0]).toEqual([true, true]);
      const outcome = ({ credential }: (typeof issued)[number]): Promise<string> =>
        sessions.open(credential.reveal()).then(
          ({ state }) => state.kind,
          (error: unknown) => (error instanceof HoldfastError ? error.code : "?"),
        );
      const heard = new Set<string>();
      let writing = true;
      const writers = onFirst.map(async ({ state }) => {
        while (writing) heard.add(await store.touch(state.id, Date.now(), Date.now()).catch(({ code }: { code: string }) => code));
      });
      await servers[0]?.signal("SIGKILL");
      await until(() => heard.has("ECONNECTION"));
      writing = false;
      await Promise.all(writers);
      expect([...heard].filter((word) => word !== "touched" && word !== "ECONNECTION")).toEqual([]);
      expect(new Set(await Promise.all(onFirst.map(outcome)))).toEqual(new Set(["unavailable"]));
      expect(new Set(await Promise.all(onSecond.map(outcome)))).toEqual(new Set(["active"]));
      await servers[0]?.restart();
      await until(() => connections[0]?.check().then(() => true, () => false));
      expect(new Set(await Promise.all(onFirst.map(outcome)))).toEqual(new Set(["none"]));
      expect(new Set(await Promise.all(onSecond.map(outcome)))).toEqual(new Set(["active"]));
      expect(await keysOf(servers[0] ?? expect.unreachable())).toEqual([]);
    });

    it("[K07] one that does not answer ends its calls in time, and goes on with what it has", async () => {
      const [server] = servers;
      const connection = connectMemcached(`127.0.0.1:${server?.port ?? 0}`, { timeoutMs: 50, connectTimeoutMs: 60_000 });
      const own = createMemcachedStore([connection], { evicts: true });
      const row = testRow();
      const patient = createMemcachedStore(connections.slice(0, 1), { evicts: true });
      await patient.create(row, { began: Date.now() });
      await server?.signal("SIGSTOP");
      await expect(own.read(row.id)).rejects.toMatchObject({ code: "ETIMEDOUT" });
      const reason = new Error("time is over");
      const controller = new AbortController();
      const calls = [patient.read(row.id, controller), patient.touch(row.id, 1, 2, controller), patient.end(row.id, testTombstone(), controller), patient.create(testRow(), undefined, controller)];
      const outcomes = Promise.allSettled(calls);
      controller.abort(reason);
      for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason });
      await server?.signal("SIGCONT");
      let found: unknown;
      await until(async () => (found = await own.read(row.id).catch(() => undefined)));
      expect(found).toEqual(row);
      connection.close();
    });
  });

  const tlsBuilt = program !== undefined && /--enable-ssl/.test(spawnSync(program, ["-h"], { encoding: "utf8" }).stdout);
  it.skipIf(!tlsBuilt)("with a password and TLS (where it was built in) lets in who has both, and nobody else", async () => {
    const { key, cert } = selfSigned(Date.now());
    const server = await startMemcached(program ?? "", {
      args: ["-Z", "-o", "ssl_chain_cert=cert.pem,ssl_key=key.pem", "-Y", "users"],
      files: { "cert.pem": cert, "key.pem": key, users: "web:hunter2\n" },
      // It hangs up on whoever speaks plainly.
      answer: /^$/,
    });
    onTestFinished(() => server.stop());
    const tls = { ca: cert };
    const address = `127.0.0.1:${server.port}`;
    const first = connectMemcached(address, { tls, user: "web", password: "hunter2" });
    await until(() => first.check().then(() => true, () => false));
    first.close();
    const ways = [
      [{ tls, user: "web", password: "hunter2" }, undefined],
      [{ tls, user: "web", password: "hunter3" }, "EPROTOCOL"],
      [{ tls }, "EPROTOCOL"],
      [{ tls: true, user: "web", password: "hunter2" }, "ECONNECTION"],
      [{ user: "web", password: "hunter2", timeoutMs: 200 }, expect.stringMatching(/ECONNECTION|ETIMEDOUT|EPROTOCOL/)],
    ] as const;
    for (const [options, code] of ways) {
      const connection = connectMemcached(address, options);
      const fault = await connection.check().then(() => undefined, (error: { code: string }) => error.code);
      expect([options, fault]).toEqual([options, code]);
      if (code === undefined) {
        const row = testRow();
        const store = createMemcachedStore([connection], { evicts: true });
        await store.create(row, { began: Date.now() });
        expect(await store.read(row.id)).toEqual(row);
      }
      connection.close();
    }
  });

  it("with a password in plain text lets in who has it", async () => {
    const server = await startMemcached(program ?? "", { args: ["-Y", "users"], files: { users: "web:hunter2\n" }, answer: /unauthenticated/ });
    onTestFinished(() => server.stop());
    const [right, wrong] = ["hunter2", "hunter3"].map((password) => connectMemcached(`127.0.0.1:${server.port}`, { user: "web", password }));
    await right?.check();
    await expect(wrong?.check()).rejects.toThrow(/let this user in/);
    expect(await command(server, "stats", /\r\n$/)).toMatch(/unauthenticated/);
    right?.close();
  });
});
