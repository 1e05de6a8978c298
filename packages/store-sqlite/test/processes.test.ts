import { testId, testPartition, testRow } from "@holdfast/store-contract";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { scratch } from "./support/drivers.ts";
import { missing, work } from "./support/spawn.ts";

describe.skipIf(missing() !== undefined)(`several processes on one file (${missing() ?? "node:sqlite"})`, () => {
  it("[K02] two processes that increment one session lose no update", { timeout: 30_000 }, async () => {
    const files = scratch();
    const file = files.path("shared.db");
    const db = new DatabaseSync(file);
    const store = createSqliteStore(db);
    const row = testRow({ id: testId(), body: "0" });
    await store.create(row);
    const results = await Promise.all([1, 2].map(() => work(["increment", file, "full", row.id])));
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(await store.read(row.id)).toMatchObject({ body: "400", revision: 400 });
    db.close();
    files.remove();
  });

  it("[D08] three processes that open a new file at once keep to one limit", { timeout: 30_000 }, async () => {
    const files = scratch();
    const file = files.path("new.db");
    const partition = testPartition();
    const results = await Promise.all([1, 2, 3].map(() => work(["signIn", file, "full", partition])));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    const lines = results.flatMap((result) => result.lines);
    const evicted = lines.filter((line) => line !== "created");
    expect(lines.length - evicted.length).toBe(180);
    expect(new Set(evicted).size).toBe(173);
    const db = new DatabaseSync(file);
    expect((await createSqliteStore(db).list(partition)).rows).toHaveLength(7);
    db.close();
    files.remove();
  });
});
