import type { IndexedStore } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callEveryVerb, describeTables } from "../../../store-contract/test/shared/tables.ts";
import { namesOf } from "../../src/lib/d1/schema.ts";
import { statementsOf } from "../../src/lib/d1/statements.ts";
import { remoteStore, tool } from "../support/remote-store.ts";
import { startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

const make = async (table: string): Promise<IndexedStore> => remoteStore(await workerd.d1(table));

interface Answer {
  readonly results: readonly Readonly<Record<string, unknown>>[];
}
const sql = async (text: string, ...values: (string | number | null)[]): Promise<Answer> => (await tool(workerd.object, "sql", JSON.stringify({ text, values }))) as Answer;
const YEAR = 365 * 86_400_000;
/** All that is in this table is a year ago, by the engine's clock, too: it removes nothing that lives. */
const age = (table: string): Promise<unknown> => sql(`UPDATE "${table}" SET expires_at = expires_at - ?1, due_at = due_at - ?1`, YEAR);

describe("tables", () => {
  describeTables(() => ({
    make,
    expired: (table, count) =>
      sql(`INSERT INTO "${table}" (id, revision, write_id, created_at, seen_at, expires_at, due_at, body)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'old-' || i, 0, '', 1, 1, 2, 2, '' FROM n`, count),
    age: (table, by) => sql(`UPDATE "${table}_marks" SET not_before = not_before - ?1`, by),
    rows: async (table) => Number((await sql(`SELECT count(*) AS rows FROM "${table}"`)).results[0]?.["rows"]),
  }));

  it("[K05] hostile values reach every statement as values", async () => {
    const store = await make("hostile");
    const bystander = testRow();
    await store.create(bystander, { began: 1 });
    for (const hostile of [`'); DROP TABLE "hostile"; --`, `"?1 :a @b $c`, "%_"]) await callEveryVerb(store, hostile as typeof bystander.id);
    expect(await store.read(bystander.id)).toEqual(bystander);
  });
});

describe("statements", () => {
  const places = (text: string): null[] => Array<null>(Math.max(...Array.from(text.matchAll(/\?(\d+)/g), ([, place]) => Number(place)))).fill(null);

  it("none scans a table or sorts: each is served by a key or an index", async () => {
    await workerd.d1("planned");
    const statements = Object.entries(statementsOf(namesOf({ table: "planned" })));
    const plans: Record<string, string> = {};
    for (const [name, text] of statements) plans[name] = (await sql(`EXPLAIN QUERY PLAN ${text}`, ...places(text))).results.map(({ detail }) => detail).join("; ");
    for (const [name, plan] of Object.entries(plans)) expect(`${name}: ${plan}`).not.toMatch(/SCAN (?!CONSTANT)|TEMP B-TREE/);
    expect(plans["list"]).toContain("planned_by_subject");
    expect(plans["endAll"]).toContain("planned_by_subject");
    expect(plans["sweep"]).toContain("planned_by_due");
  });
});

describe("a sign-in", () => {
  const guard = { began: 1, limit: { max: 1, whenFull: "evict-oldest", tombstone: testTombstone() } } as const;

  it("[A09] that fails undoes all of its batch, rejects with the fault, and the store goes on", async () => {
    const store = await make("broken");
    await sql(`CREATE TRIGGER broken_trigger BEFORE UPDATE ON "broken" WHEN NEW.body = 'breaks' BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END`);
    const partition = testPartition();
    const [first, second] = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
    await store.create(first, guard);
    const breaking = { ...guard, limit: { ...guard.limit, tombstone: testTombstone({ body: "breaks" }) } };
    await expect(store.create(second, breaking)).rejects.toThrow("the disk is on fire");
    expect(await store.read(second.id)).toBeNull();
    expect(await store.read(first.id)).toEqual(first);
    expect(await store.create(second, guard)).toEqual({ outcome: "created", evicted: [first.id] });
  });

  it("that is sent twice ends nobody the second time", async () => {
    const store = await make("twice");
    const partition = testPartition();
    const [old, row, next] = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
    await store.create(row, guard);
    for (const other of [old, next]) await store.create(other, { began: 1 });
    const replaces = { id: old.id, tombstone: testTombstone() };
    expect(await store.create(row, { ...guard, replaces })).toEqual({ outcome: "exists", evicted: [] });
    expect((await store.list(partition)).rows).toHaveLength(3);
  });
});

describe("sweeping", () => {
  it("what was used since it was due is due again when it expires, and does not hide what is over", async () => {
    const store = await make("due");
    const now = Date.now();
    const used = Array.from({ length: 3 }, () => testRow({ expiresAt: now + 100_000 }));
    const unused = testRow({ expiresAt: now + 100_001 });
    for (const row of [...used, unused]) await store.create(row);
    for (const { id } of used) await store.touch(id, now, now + 200_000);
    await age("due");
    const swept = async (at: number): Promise<number> => store.sweep(at - YEAR, 2);
    expect(await swept(now + 110_000)).toBe(1);
    await swept(now + 110_000);
    expect((await sql(`SELECT due_at FROM "due"`)).results).toEqual(used.map(() => ({ due_at: now + 200_000 - YEAR })));
    expect([await swept(now + 199_999), await swept(now + 200_000), await swept(now + 200_000)]).toEqual([0, 2, 1]);
  });

  it("an ended session is due when its tombstone is over", async () => {
    const store = await make("tombs");
    const row = testRow();
    await store.create(row, { began: 1 });
    const stone = testTombstone();
    await store.end(row.id, stone);
    await age("tombs");
    const at = stone.expiresAt - YEAR;
    expect([await store.sweep(at - 1), await store.sweep(at)]).toEqual([0, 1]);
  });
});
