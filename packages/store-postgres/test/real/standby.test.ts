import type { IndexedStore, Partition } from "@holdfast/session-core/store";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema } from "@holdfast/store-postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, startStandby } from "../../../../tools/services/postgres.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { postgresProgram } from "../support/program.ts";
import { type Connected, drivers } from "../support/servers.ts";

const durable = { durable: true };

describe.skipIf(postgresProgram === undefined)("PostgreSQL with a synchronous standby [needs postgres]", () => {
  let primary: Server;
  let connected: Connected;
  let store: IndexedStore;
  beforeAll(async () => {
    // `local`, so that nothing waits for the standby but what asks for it.
    primary = await startPostgres(postgresProgram ?? "", { synchronous_commit: "local" });
    connected = drivers(true).pg(primary.url, 8);
    await ensurePostgresSchema(connected.run, { durability: "replicated" });
    store = createPostgresStore(connected.run, { durability: "replicated" });
  });
  afterAll(async () => {
    await connected?.close();
    await primary?.stop();
  });

  it("none is configured: what must survive a node is refused and writes nothing, the rest is written", async () => {
    const row = testRow();
    const refused = { code: "55000", hint: expect.stringContaining("synchronous_standby_names") };
    for (const guard of [undefined, { began: 1 }]) {
      await expect(store.create(row, guard, durable)).rejects.toMatchObject(refused);
      expect(await store.read(row.id)).toBeNull();
    }
    await store.create(row, { began: 1 });
    await expect(store.update({ ...row, revision: 1 }, 0, durable)).rejects.toMatchObject(refused);
    await expect(store.end(row.id, testTombstone(), durable)).rejects.toMatchObject(refused);
    await expect(store.endAll(row.id.slice(0, 12) as Partition, testTombstone(), durable)).rejects.toMatchObject(refused);
    await expect(store.delete(row.id, durable)).rejects.toMatchObject(refused);
    expect(await store.read(row.id)).toEqual(row);
    expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("touched");
  });

  it("what must survive a node waits for it to its deadline, the rest does not; what was acknowledged is there after a fail-over", { timeout: 120_000 }, async () => {
    const { run } = connected;
    const before = testRow();
    await store.create(before);
    await run({ text: "ALTER SYSTEM SET synchronous_standby_names = '*'", values: [] });
    await run({ text: "SELECT pg_reload_conf()", values: [] });
    await until(async () => (await run({ text: "SHOW synchronous_standby_names", values: [] }))[0]?.[0] === "*");
    const reason = new Error("the deadline of this call is over");
    const held = async (): Promise<boolean> => (await run({ text: "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", values: [] })).length > 0;
    /** Rejects at its deadline, which comes when it waits for the standby. */
    const lateWrite = async (): Promise<unknown> => {
      const controller = new AbortController();
      let done = false;
      const writing = store.create(testRow(), undefined, { ...durable, signal: controller.signal }).finally(() => (done = true));
      await until(async () => done || (await held()));
      controller.abort(reason);
      return writing.catch((fault: unknown) => fault);
    };
    // One process of the server tells the others that writes wait from now on, a moment after all of them know the new setting.
    await until(async () => (await lateWrite()) === reason);
    // There is no standby yet.
    expect(await lateWrite()).toBe(reason);
    expect(await store.touch(before.id, before.seenAt + 1, before.expiresAt)).toBe("touched");

    const standby = await startStandby(postgresProgram ?? "", primary);
    const after = drivers(true).pg(standby.url);
    try {
      const rows = Array.from({ length: 20 }, () => testRow());
      for (const row of rows) expect((await store.create(row, { began: 1 }, durable)).outcome).toBe("created");
      const ended = rows.slice(0, 10);
      for (const { id } of ended) expect(await store.end(id, testTombstone(), durable)).toBe("ended");
      await primary.signal("SIGKILL");
      await after.run({ text: "SELECT pg_promote()", values: [] });
      const promoted = createPostgresStore(after.run, { durability: "single" });
      for (const row of rows) expect(await promoted.read(row.id)).toMatchObject({ body: ended.includes(row) ? "ended" : row.body });
      expect((await promoted.create(testRow(), { began: 1 })).outcome).toBe("created");
    } finally {
      await after.close();
      await standby.stop();
    }
  });
});
