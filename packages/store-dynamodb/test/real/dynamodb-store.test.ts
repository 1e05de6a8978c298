import type { AttributeValue, DynamoDB } from "@aws-sdk/client-dynamodb";
import type { CreateGuard, Partition, StoredSession } from "@holdfast/session-core/store";
import { createTestClock, testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createDynamodbStore, type DynamodbClient, type DynamodbStore, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDynamodb } from "../../../../tools/services/dynamodb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { between } from "../support/between.ts";
import { connectTo, dynamodbJar } from "../support/servers.ts";

const TableName = "holdfast_sessions";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe.skipIf(dynamodbJar === undefined)("the store on DynamoDB Local [needs dynamodb]", () => {
  let server: Server;
  let client: DynamoDB;
  let store: DynamodbStore;
  beforeAll(async () => {
    server = await startDynamodb(dynamodbJar ?? "");
    client = connectTo(server.port);
    await ensureDynamodbTable(client);
    store = createDynamodbStore(client);
  });
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });

  const limited = (max: number, whenFull: "reject" | "evict-oldest" = "evict-oldest"): CreateGuard => ({ began: Date.now(), limit: { max, whenFull, tombstone: testTombstone() } });
  const rowsOf = (partition: Partition, count: number, overrides: Partial<StoredSession> = {}): StoredSession[] =>
    Array.from({ length: count }, (_, i) => testRow({ id: testId(partition), createdAt: 1000 + i, ...overrides }));
  const itemOf = async (subject: string, id: string) => (await client.getItem({ TableName, Key: { subject: { S: subject }, id: { S: id } }, ConsistentRead: true })).Item;
  const markOf = (partition: Partition) => itemOf(partition, "mark");
  const membersOf = async (partition: Partition): Promise<string[]> => [...((await markOf(partition))?.["members"]?.SS ?? [])].sort();

  describe("the table", () => {
    it("is made once by ten servers that start at once, with removal by removeAt", async () => {
      await Promise.all(Array.from({ length: 10 }, () => ensureDynamodbTable(client, { table: "at_once" })));
      const { TimeToLiveDescription } = await client.describeTimeToLive({ TableName: "at_once" });
      expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: "ENABLED", AttributeName: "removeAt" });
      expect(await createDynamodbStore(client, { table: "at_once" }).read(testId())).toBeNull();
    });

    it("with other keys is refused", async () => {
      await client.createTable({ TableName: "foreign", BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] });
      await expect(ensureDynamodbTable(client, { table: "foreign" })).rejects.toMatchObject({ code: "config", option: "table" });
    });

    it("has what the README says: a row, and a mark that names it", async () => {
      const row = testRow();
      const partition = row.id.slice(0, 12) as Partition;
      await store.create(row, limited(5));
      const N = (value: number): { N: string } => ({ N: String(value) });
      expect(await itemOf(partition, row.id)).toEqual({
        subject: { S: partition },
        id: { S: row.id },
        kind: { S: "member" },
        revision: N(0),
        writeId: { S: row.writeId },
        createdAt: N(row.createdAt),
        seenAt: N(row.seenAt),
        expiresAt: N(row.expiresAt),
        removeAt: N(Math.ceil(row.expiresAt / 1000) + 3600),
        body: { S: row.body },
      });
      expect(await markOf(partition)).toMatchObject({ version: N(1), members: { SS: [row.id.slice(12)] } });
      expect(Number((await markOf(partition))?.["removeAt"]?.N) * 1000).toBeGreaterThan(Date.now() + 400 * DAY);
    });

    it("[C09] DynamoDB is told to remove nothing that lives, whatever touch and end do, and what it has not removed yet is absent", async () => {
      const clock = createTestClock();
      const timed = createDynamodbStore(client, { clock });
      const removal = async ({ id }: StoredSession): Promise<number> => Number((await itemOf(id.slice(0, 12), id))?.["removeAt"]?.N) * 1000;
      const row = testRow({}, clock.now());
      await timed.create(row);
      await timed.touch(row.id, row.seenAt + 1, row.expiresAt + DAY);
      expect(await removal(row)).toBeGreaterThan(row.expiresAt + DAY);
      const stone = testTombstone({}, clock.now());
      await timed.end(row.id, stone);
      expect(await removal(row)).toBeGreaterThan(stone.expiresAt);
      expect(await removal(row)).toBeLessThan(row.expiresAt + DAY);
      clock.advance(2 * DAY);
      expect(await removal(row)).toBeLessThan(clock.now());
      expect(await timed.read(row.id)).toBeNull();
      expect((await timed.create({ ...row, expiresAt: clock.now() + DAY })).outcome).toBe("created");
    });

    it("rows of somebody else are no sessions", async () => {
      const partition = testPartition();
      const id = testId(partition);
      await client.putItem({ TableName, Item: { subject: { S: partition }, id: { S: id }, kind: { S: "member" }, expiresAt: { N: String(Date.now() + DAY) } } });
      expect(await store.read(id)).toBeNull();
      expect(await store.list(partition)).toEqual({ rows: [] });
      expect(await store.read("mark" as typeof id)).toBeNull();
    });
  });

  describe("sign-ins", () => {
    it("[D08] a session that a query does not show yet is counted, and keeps its place", async () => {
      const partition = testPartition();
      const [first, second, third] = rowsOf(partition, 3);
      if (!first || !second || !third) expect.unreachable();
      await store.create(first, limited(2));
      let hidden = 0;
      const blind = between(client, async (name, input, send) => {
        const answer = await send(input);
        if (name !== "query" || hidden++ > 2) return answer;
        return { ...answer, Items: (answer as { Items: { id: { S: string } }[] }).Items.filter(({ id }) => id.S !== first.id) };
      });
      const behind = createDynamodbStore(blind);
      expect(await behind.create(second, limited(1, "reject"))).toEqual({ outcome: "full", evicted: [] });
      expect(hidden).toBe(4);
      hidden = 0;
      expect(await behind.create(third, limited(1))).toEqual({ outcome: "created", evicted: [first.id] });
      expect(hidden).toBe(4);
    });

    it("[D05] endAll ends also what no query shows, and takes nobody's word but the mark's", async () => {
      const partition = testPartition();
      const rows = rowsOf(partition, 30);
      for (const row of rows) await store.create(row, limited(50));
      const blind = between(client, async (name, input, send) => (name === "query" ? { Items: [] } : send(input)));
      const { ended } = await createDynamodbStore(blind).endAll(partition, testTombstone());
      expect([...ended].sort()).toEqual(rows.map(({ id }) => id).sort());
    });

    it("[D05] a revocation by a server whose clock is behind takes nothing back", async () => {
      const partition = testPartition();
      const { notBefore } = await store.endAll(partition, testTombstone());
      const late = createDynamodbStore(client, { clock: createTestClock(notBefore - 60_000) });
      const row = testRow({ id: testId(partition) });
      await late.create(row, { began: notBefore + 1 });
      expect(await late.endAll(partition, testTombstone())).toEqual({ notBefore, ended: [row.id] });
      expect((await store.create(testRow({ id: testId(partition) }), { began: notBefore })).outcome).toBe("revoked");
    });

    it("[D05] a server whose clock is ahead takes no session for over that another one may still prolong", async () => {
      const clock = createTestClock();
      const [timely, ahead] = [clock, createTestClock(clock.now() + 2000)].map((each) => createDynamodbStore(client, { clock: each }));
      if (!timely || !ahead) expect.unreachable();
      const partition = testPartition();
      const row = testRow({ id: testId(partition), expiresAt: clock.now() + 1000 }, clock.now());
      await timely.create(row, { began: clock.now() });
      await ahead.create(testRow({ id: testId(partition) }, clock.now()), { began: clock.now() });
      expect(await timely.touch(row.id, row.seenAt + 1, row.expiresAt + DAY)).toBe("touched");
      expect((await timely.endAll(partition, testTombstone({}, clock.now()))).ended).toContain(row.id);
    });

    it("the mark forgets who is over, whether they ended, expired, were evicted, replaced, or were removed from the table", async () => {
      const clock = createTestClock();
      const timed = createDynamodbStore(client, { clock });
      const partition = testPartition();
      const row = (overrides: Partial<StoredSession> = {}): StoredSession => testRow({ id: testId(partition), ...overrides }, clock.now());
      const guard = (): CreateGuard => ({ ...limited(3), began: clock.now() });
      const [ended, expired, removed] = [row(), row({ expiresAt: clock.now() + 1000 }), row()];
      for (const each of [ended, expired, removed]) await timed.create(each, guard());
      await timed.end(ended.id, testTombstone({}, clock.now()));
      await timed.delete(removed.id);
      clock.advance(1000 + HOUR);
      const [first, second, third, fourth] = [row({ createdAt: 1 }), row({ createdAt: 2 }), row(), row()];
      const nonces = (...rows: StoredSession[]): string[] => rows.map(({ id }) => id.slice(12)).sort();
      await timed.create(first, guard());
      expect(await membersOf(partition)).toEqual(nonces(first));
      await timed.create(second, guard());
      await timed.create(third, { ...guard(), replaces: { id: second.id, tombstone: testTombstone({}, clock.now()) } });
      expect(await membersOf(partition)).toEqual(nonces(first, third));
      await timed.create(second.id === fourth.id ? row() : fourth, { ...guard(), limit: { max: 2, whenFull: "evict-oldest", tombstone: testTombstone({}, clock.now()) } });
      expect(await membersOf(partition)).toEqual(nonces(third, fourth));
    });

    it("[D08] a limit lowered by more than a transaction can end is met with several, and the mark follows", { timeout: 120_000 }, async () => {
      const partition = testPartition();
      const rows = rowsOf(partition, 130);
      for (const row of rows) await store.create(row, { began: Date.now() });
      const transactions: number[] = [];
      const counted = between(client, (name, input, send) => {
        if (name === "transactWriteItems") transactions.push((input as { TransactItems: unknown[] }).TransactItems.length);
        return send(input);
      });
      const fresh = testRow({ id: testId(partition) });
      const { outcome, evicted } = await createDynamodbStore(counted).create(fresh, { ...limited(2), replaces: { id: rows[5]?.id ?? fresh.id, tombstone: testTombstone() } });
      expect([outcome, transactions]).toEqual(["created", [98, 34]]);
      expect(new Set(evicted)).toEqual(new Set(rows.slice(0, 129).filter((_, i) => i !== 5).map(({ id }) => id)));
      expect((await store.list(partition)).rows.map(({ id }) => id)).toEqual([fresh.id, rows[129]?.id]);
      expect(await membersOf(partition)).toHaveLength(2);
    });
  });

  describe("what is large", () => {
    it("a subject with more than the megabyte of one query is listed whole, and counted whole", { timeout: 120_000 }, async () => {
      const partition = testPartition();
      const rows = rowsOf(partition, 30, { body: "x".repeat(60_000) });
      for (const row of rows) await store.create(row, { began: Date.now() });
      let queries = 0;
      const counted = createDynamodbStore(between(client, (name, input, send) => ((queries += name === "query" ? 1 : 0), send(input))));
      const { rows: listed } = await counted.list(partition);
      expect(listed.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).reverse());
      expect(queries).toBeGreaterThan(1);
      expect((await counted.create(testRow({ id: testId(partition) }), limited(30, "reject"))).outcome).toBe("full");
      expect((await counted.create(testRow({ id: testId(partition) }), limited(31, "reject"))).outcome).toBe("created");
    });

    it("the largest body that is let through is one that DynamoDB takes", async () => {
      const row = testRow({ body: "x".repeat(399 * 1024) });
      expect((await store.create(row, { began: Date.now() })).outcome).toBe("created");
      expect(await store.update({ ...row, revision: 2 ** 50 }, 0)).toBe("updated");
      await expect(store.create(testRow({ body: `${row.body}x` }))).rejects.toMatchObject({ code: "data_too_large" });
    });
  });

  describe("a write that the client sends twice, because the first answer was lost", () => {
    const twice = (): DynamodbClient => between(client, async (name, input, send) => (await (name === "updateItem" ? send(input) : {}), send(input)));

    it("is told as what it was: one update, one end, one touch", async () => {
      const [row, other] = [testRow(), testRow()];
      for (const each of [row, other]) await store.create(each);
      const doubled = createDynamodbStore(twice());
      const second = { ...row, revision: 7, writeId: "second-write", body: "second" };
      expect(await doubled.update(second, 0)).toBe("updated");
      expect(await store.read(row.id)).toEqual(second);
      expect(await doubled.touch(row.id, row.seenAt + 5, row.expiresAt + 5)).toBe("touched");
      expect(await doubled.end(row.id, testTombstone())).toBe("ended");
      expect(await doubled.end(other.id, testTombstone(), { ifRevision: 0 })).toBe("ended");
    });

    it("[A09] and what another one did in between is not taken for it", async () => {
      const row = testRow();
      await store.create(row);
      await store.update({ ...row, revision: 3, body: "another's" }, 0);
      const doubled = createDynamodbStore(twice());
      expect(await doubled.update({ ...row, revision: 4, body: "late" }, 0)).toBe("conflict");
      await store.end(row.id, testTombstone());
      expect(await doubled.update({ ...row, revision: 4 }, 3)).toBe("missing");
      expect(await doubled.end(row.id, testTombstone())).toBe("missing");
    });
  });

  it("what each verb costs: one call for most, and the units that the README says", async () => {
    const calls: string[] = [];
    const metered = createDynamodbStore(
      between(client, async (name, input, send) => {
        const answer: { ConsumedCapacity?: { CapacityUnits?: number } } = await send({ ...input, ReturnConsumedCapacity: "TOTAL" }).catch((fault: unknown) => {
          calls.push(`${name} refused`);
          throw fault;
        });
        // Of a transaction DynamoDB Local counts the new items only.
        calls.push(name === "transactWriteItems" ? `transaction of ${(input as { TransactItems: unknown[] }).TransactItems.length}` : `${name} ${answer.ConsumedCapacity?.CapacityUnits ?? ""}`);
        return answer;
      }),
    );
    const partition = testPartition();
    const row = (createdAt: number): StoredSession => testRow({ id: testId(partition), createdAt, body: "x".repeat(400) });
    const [guest, first, second, third, fourth] = [row(0), row(1), row(2), row(3), row(4)];
    const tombstone = testTombstone();
    const cost = async (verb: Promise<unknown>): Promise<string> => {
      await verb;
      return calls.splice(0).sort().join(", ");
    };
    const limit = { max: 2, whenFull: "evict-oldest", tombstone } as const;
    expect({
      guest: await cost(metered.create(guest)),
      "sign-in": await cost(metered.create(first, { began: 1 })),
      "second sign-in": await cost(metered.create(second, { began: 1 })),
      read: await cost(metered.read(first.id)),
      touch: await cost(metered.touch(first.id, first.seenAt + 1, first.expiresAt + 1)),
      update: await cost(metered.update({ ...second, revision: 1 }, 0)),
      "sign-in that replaces": await cost(metered.create(third, { began: 1, limit, replaces: { id: second.id, tombstone } })),
      "sign-in that evicts": await cost(metered.create(fourth, { began: 1, limit })),
      list: await cost(metered.list(partition)),
      "sign-out": await cost(metered.end(fourth.id, testTombstone())),
      "ending all, one alive and one over": await cost(metered.endAll(partition, tombstone)),
    }).toEqual({
      guest: "putItem 1",
      "sign-in": "query 1, transaction of 2",
      "second sign-in": "query 1, transaction of 2",
      read: "getItem 1",
      touch: "updateItem 1",
      update: "updateItem 1",
      "sign-in that replaces": "query 1, transaction of 3",
      "sign-in that evicts": "query 1, transaction of 3",
      list: "query 1",
      "sign-out": "updateItem 1",
      "ending all, one alive and one over": "getItem 1, updateItem 1, updateItem 1, updateItem refused",
    });
    const fifth = row(5);
    await store.create(fifth, { began: Date.now() + 1000 });
    const [session, mark] = [bytesOf((await itemOf(partition, fifth.id)) ?? {}), bytesOf((await markOf(partition)) ?? {})];
    console.log(`    DynamoDB, bytes of a session with a body of 400: ${session}; of the mark of a subject with one: ${mark}`);
    expect([session < 1024, mark < 1024]).toEqual([true, true]);
  });
});

/** As AWS counts ("DynamoDB item sizes and formats"): names and texts in UTF-8, a byte for two digits and one more, a byte for each member of a set and three more. */
const bytesOf = (item: Readonly<Record<string, AttributeValue>>): number =>
  Object.entries(item).reduce((sum, [name, { S = "", N, SS }]) => {
    const digits = N === undefined ? 0 : Math.ceil(N.length / 2) + 1;
    const set = SS === undefined ? 0 : 3 + SS.reduce((bytes, each) => bytes + each.length + 1, 0);
    return sum + name.length + S.length + digits + set;
  }, 0);
