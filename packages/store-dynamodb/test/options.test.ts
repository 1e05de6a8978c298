import type { SessionId } from "@holdfast/session-core/store";
import { createTestClock, testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createDynamodbStore, type DynamodbClient, dynamodbTable, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { describe, expect, it } from "vitest";
import { between } from "./support/between.ts";

const config = (option: string): unknown => expect.objectContaining({ code: "config", option });
const unused = (): Promise<never> => Promise.reject(new Error("no call was expected"));
const nobody: DynamodbClient = { getItem: unused, putItem: unused, updateItem: unused, deleteItem: unused, query: unused, transactWriteItems: unused };

/** A client that finds nothing, and what it was asked. */
function silent(answer: (name: string) => object = () => ({})) {
  const asked: { readonly name: string; readonly input: object }[] = [];
  const client = between(nobody, async (name, input) => (asked.push({ name, input }), answer(name)));
  return { client, asked };
}

async function callEveryVerb(client: DynamodbClient, id: SessionId): Promise<void> {
  const store = createDynamodbStore(client, { clock: createTestClock() });
  const row = testRow({ id, writeId: id, body: id });
  const stone = testTombstone({ writeId: id, body: id });
  const partition = id.slice(0, 12) as never;
  await store.read(id);
  await store.read(id, { authoritative: true });
  await store.create(row);
  await store.create(row, { began: 1, limit: { max: 1, whenFull: "reject", tombstone: stone }, replaces: { id, tombstone: stone } });
  await store.update(row, 0);
  await store.touch(id, 1, 2);
  await store.end(id, stone, { ifRevision: 1 });
  await store.delete(id);
  await store.list(partition, { cursor: id });
  await store.endAll(partition, stone, { except: id });
}

describe("options", () => {
  it.each(["", "ab", "a b", "a/b", "ünï", "x".repeat(256), "arn:aws:dynamodb:eu-west-1:1:table/"])("[K05] the table name %j is refused before any call", (table) => {
    expect(() => createDynamodbStore(nobody, { table })).toThrow(config("table"));
    expect(() => dynamodbTable({ table })).toThrow(config("table"));
  });

  it("a table of another account is named by its ARN", () => {
    const table = "arn:aws:dynamodb:eu-west-1:123456789012:table/holdfast_sessions";
    expect(dynamodbTable({ table }).TableName).toBe(table);
  });
});

describe("calls", () => {
  it("[K03] every read of every verb is a consistent one, and none goes to an index", async () => {
    const { client, asked } = silent();
    await callEveryVerb(client, testId());
    const reads = asked.filter(({ name }) => name === "getItem" || name === "query");
    expect(reads.length).toBeGreaterThan(3);
    for (const { input } of reads) {
      expect(input).toMatchObject({ ConsistentRead: true });
      expect(input).not.toHaveProperty("IndexName");
    }
  });

  it("[K05] ids and bodies are always values, never part of an expression", async () => {
    const { client, asked } = silent();
    await callEveryVerb(client, "x = :y OR attribute_not_exists(id)" as SessionId);
    const texts = JSON.stringify(asked, (key, value: unknown) => (["S", "SS"].includes(key) ? undefined : value));
    expect(asked.length).toBeGreaterThan(9);
    expect(texts).toContain("Expression");
    expect(texts).not.toContain("x = :y");
  });

  it("carry the deadline of the call, so that a connection is free when it is over", async () => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const client = { ...nobody, getItem: async (_input: object, { abortSignal }: { abortSignal?: AbortSignal }) => (seen.push(abortSignal), {}) };
    await createDynamodbStore(client).read(testId(), { signal });
    expect(seen).toEqual([signal]);
  });

  it("a body beyond what an item may have is refused before anything is sent", async () => {
    const store = createDynamodbStore(nobody);
    const body = "ü".repeat(205_000);
    const tooLarge = { code: "data_too_large" };
    await expect(store.create(testRow({ body }))).rejects.toMatchObject(tooLarge);
    await expect(store.update(testRow({ body }), 0)).rejects.toMatchObject(tooLarge);
    await expect(store.end(testId(), testTombstone({ body }))).rejects.toMatchObject(tooLarge);
  });
});

describe("a transaction that is in the way", () => {
  const conflict = (): never => {
    throw Object.assign(new Error("busy"), { name: "TransactionConflictException" });
  };
  const cancelled = (...codes: string[]): never => {
    throw Object.assign(new Error("cancelled"), { name: "TransactionCanceledException", CancellationReasons: codes.map((Code) => ({ Code })) });
  };
  const guard = { began: 1 };

  it("is waited for, with pauses, and then the write takes effect", async () => {
    let left = 5;
    const { client } = silent(() => (left-- > 0 ? conflict() : {}));
    const pauses: number[] = [];
    const clock = { now: () => 1, wait: async (ms: number) => void pauses.push(ms) };
    expect(await createDynamodbStore(client, { clock }).touch(testId(), 1, 2)).toBe("touched");
    expect(pauses).toHaveLength(5);
    for (const pause of pauses) expect(pause).toBeLessThanOrEqual(400);
  });

  it.each(["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])("calls off a sign-in for %s: it looks again each time, and gives up in the end", async (code) => {
    const { client, asked } = silent((name) => (name === "transactWriteItems" ? cancelled("None", code) : {}));
    await expect(createDynamodbStore(client, { clock: createTestClock() }).create(testRow(), guard)).rejects.toMatchObject({ code: "unavailable" });
    expect(asked.map(({ name }) => name)).toEqual(Array.from({ length: 60 }, () => ["query", "transactWriteItems"]).flat());
  });

  it.each(["ValidationError", "ItemCollectionSizeLimitExceeded"])("is no reason to go on where it says %s", async (code) => {
    const { client, asked } = silent((name) => (name === "transactWriteItems" ? cancelled("None", code) : {}));
    await expect(createDynamodbStore(client).create(testRow(), guard)).rejects.toMatchObject({ name: "TransactionCanceledException" });
    expect(asked).toHaveLength(2);
  });

  it("keeps nobody beyond the deadline of the call, and the next sign-in of the same person gets its turn", async () => {
    const controller = new AbortController();
    const reason = new Error("the deadline of this call is over");
    let busy = true;
    const { client } = silent((name) => (name === "transactWriteItems" && busy ? cancelled("TransactionConflict") : {}));
    const clock = { now: () => 1, wait: async () => void (controller.abort(reason), (busy = false)) };
    const store = createDynamodbStore(client, { clock });
    const partition = testPartition();
    const row = (): ReturnType<typeof testRow> => testRow({ id: testId(partition) });
    const first = store.create(row(), guard, { signal: controller.signal });
    const second = store.create(row(), guard);
    await expect(first).rejects.toBe(reason);
    expect((await second).outcome).toBe("created");
  });
});

describe("making the table", () => {
  const named = (name: string): Error => Object.assign(new Error(name), { name });
  const clock = createTestClock();

  it("waits until it is active, and no longer than a minute", async () => {
    const states = ["CREATING", "CREATING", "ACTIVE"];
    const { KeySchema } = dynamodbTable();
    const client = {
      describeTable: async () => ({ Table: { TableStatus: states.shift() ?? "CREATING", KeySchema } }),
      createTable: unused,
      describeTimeToLive: async () => ({ TimeToLiveDescription: { TimeToLiveStatus: "ENABLING", AttributeName: "removeAt" } }),
      updateTimeToLive: unused,
    };
    await ensureDynamodbTable(client, { clock });
    expect(states).toEqual([]);
    await expect(ensureDynamodbTable(client, { clock })).rejects.toMatchObject({ code: "unavailable" });
  });

  it("is content where another server made it, or turned removal on, a moment earlier", async () => {
    let there = false;
    let removes = false;
    const client = {
      describeTable: async () => (there ? { Table: { TableStatus: "ACTIVE", KeySchema: dynamodbTable().KeySchema } } : Promise.reject(named("ResourceNotFoundException"))),
      createTable: async () => ((there = true), Promise.reject(named("ResourceInUseException"))),
      describeTimeToLive: async () => ({ TimeToLiveDescription: removes ? { TimeToLiveStatus: "ENABLED", AttributeName: "removeAt" } : { TimeToLiveStatus: "DISABLED" } }),
      updateTimeToLive: async () => ((removes = true), Promise.reject(named("ValidationException"))),
    };
    await ensureDynamodbTable(client, { clock });
    expect([there, removes]).toEqual([true, true]);
  });

  it("rejects with what the client says, and refuses removal by another attribute", async () => {
    const denied = named("AccessDeniedException");
    const fine = { describeTable: async () => ({ Table: { TableStatus: "ACTIVE", KeySchema: dynamodbTable().KeySchema } }), createTable: unused };
    const off = { ...fine, describeTimeToLive: async () => ({}), updateTimeToLive: () => Promise.reject(denied) };
    await expect(ensureDynamodbTable(off, { clock })).rejects.toBe(denied);
    await expect(ensureDynamodbTable({ ...off, describeTable: () => Promise.reject(denied) }, { clock })).rejects.toBe(denied);
    const other = { ...off, describeTimeToLive: async () => ({ TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" } }) };
    await expect(ensureDynamodbTable(other, { clock })).rejects.toThrow(config("table"));
  });
});
