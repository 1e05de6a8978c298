import type { CreateResult, Partition } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { beforeEach, expect, it } from "vitest";
import { openRows } from "./support/subject-rows.ts";

const DAY = 86_400_000;
const now = 1_800_000_000_000;
let partition: Partition;
let rows: ReturnType<typeof openRows>["rows"];
beforeEach(() => {
  partition = testPartition();
  rows = openRows().rows;
});
const signIn = (began: number, expiresAt = now + 1000, at = now): CreateResult => rows.create(testRow({ id: testId(partition), expiresAt }, at), { began }, at);

it("[D05] a notBefore is forgotten after 400 days, and not earlier", () => {
  rows.endAll(testTombstone({}, now), undefined, now);
  expect(rows.sweep(now + 400 * DAY - 1)).toBe(now + 400 * DAY);
  expect(signIn(now).outcome).toBe("revoked");
  expect(rows.sweep(now + 400 * DAY)).toBeNull();
  expect(signIn(now).outcome).toBe("created");
});

it("[D05] a notBefore never moves backwards, even where the clock does", () => {
  rows.endAll(testTombstone({}, now), undefined, now);
  expect(rows.endAll(testTombstone({}, now), undefined, now - 1000)).toEqual({ notBefore: now, ended: [] });
});

it("[K08] a sweep removes at most 1,000 rows and says when there is more to do", () => {
  for (let i = 0; i < 1500; i++) signIn(now, now + 1);
  signIn(now, now + 5000);
  expect(rows.sweep(now)).toBe(now + 1);
  expect(rows.sweep(now + 1)).toBe(now + 1);
  expect(rows.sweep(now + 1)).toBe(now + 5000);
  expect(rows.sweep(now + 5000)).toBeNull();
});

it("begins anew after its storage was given back", async () => {
  signIn(now);
  await rows.clear();
  const row = testRow({ id: testId(partition) }, now);
  expect([rows.read(row.id, now), rows.touch(row.id, now, now + 1, now), rows.list(10, undefined, now)]).toEqual([null, "missing", { rows: [] }]);
  expect(rows.create(row, undefined, now).outcome).toBe("created");
});
