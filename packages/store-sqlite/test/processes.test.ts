import { createSessions, generateKeys } from "@holdfast/session-core";
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

  for (const whenFull of ["reject", "evict-oldest"] as const) {
    it(`[D08] ${whenFull}: 102 sign-ins in three processes leave exactly three sessions, and exactly three people hold one`, { timeout: 30_000 }, async () => {
      const files = scratch();
      const file = files.path("people.db");
      const options = { keys: generateKeys(), policy: { concurrent: { max: 3, whenFull } } } as const;
      const results = await Promise.all([1, 2, 3].map(() => work(["people", file, "normal", JSON.stringify(options)])));
      const said = results.flatMap(({ lines }) => lines.map((line) => line.split(" ")[1] ?? ""));
      expect(said).toHaveLength(102);
      expect(said.filter((word) => word === "limit_reached")).toHaveLength(whenFull === "reject" ? 99 : 0);
      const db = new DatabaseSync(file);
      const sessions = createSessions({ ...options, store: createSqliteStore(db) });
      const kinds = await Promise.all(said.filter((word) => word !== "limit_reached").map(async (credential) => (await sessions.open(credential)).state.kind));
      expect(kinds.filter((kind) => kind === "active")).toHaveLength(3);
      expect(await sessions.list("ada")).toHaveLength(3);
      db.close();
      files.remove();
    });
  }

  it("[D05] revokeAll beside 102 sign-ins in three processes: alive is exactly who began after it", { timeout: 30_000 }, async () => {
    const files = scratch();
    const file = files.path("people.db");
    const options = { keys: generateKeys() };
    const db = new DatabaseSync(file);
    const sessions = createSessions({ ...options, store: createSqliteStore(db) });
    let revoked: Promise<{ notBefore: number }> | undefined;
    const onLine = (_child: unknown, count: number): void => {
      if (count >= 5) revoked ??= sessions.revokeAll("ada");
    };
    const results = await Promise.all([1, 2, 3].map(() => work(["people", file, "normal", JSON.stringify(options)], onLine)));
    const { notBefore } = (await revoked) ?? expect.unreachable();
    const said = results.flatMap(({ lines }) => lines.map((line) => line.split(" ")));
    expect(said).toHaveLength(102);
    for (const [began = "", word = ""] of said) {
      const alive = word !== "sign_in_revoked" && (await sessions.open(word)).state.kind === "active";
      expect([began, alive]).toEqual([began, Number(began) > notBefore]);
    }
    db.close();
    files.remove();
  });
});
