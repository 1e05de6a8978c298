import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { remoteStore, tool } from "../support/remote-store.ts";
import { startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

/** Rows that each verb writes, as the README says; those it reads are printed. */
const WRITTEN = {
  "a read": [0, 0],
  "a sign-in": [1, 3],
  "a touch": [1, 1],
  "an update": [1, 1],
  "a sign-in that replaces": [2, 5],
  "a sign-in that evicts": [2, 5],
  "a list": [0, 0],
  "a sign-out": [1, 2],
};

it.each(["object", "d1"] as const)("what each verb costs: %s", async (kind) => {
  const address = kind === "d1" ? await workerd.d1("costs") : workerd.object;
  const store = remoteStore(address);
  const partition = testPartition();
  const row = (createdAt: number): ReturnType<typeof testRow> => testRow({ id: testId(partition), createdAt, body: "x".repeat(400) });
  const [first, second, third, fourth] = [row(1), row(2), row(3), row(4)];
  const tombstone = testTombstone();
  const limit = { max: 2, whenFull: "evict-oldest", tombstone } as const;
  // The first write to an object makes its tables.
  await store.create(first, { began: 1 });
  const verbs: Readonly<Record<keyof typeof WRITTEN, () => Promise<unknown>>> = {
    "a read": () => store.read(first.id),
    "a sign-in": () => store.create(second, { began: 1 }),
    "a touch": () => store.touch(second.id, second.seenAt + 1, second.expiresAt + 1),
    "an update": () => store.update({ ...second, revision: 1 }, 0),
    "a sign-in that replaces": () => store.create(third, { began: 1, limit, replaces: { id: second.id, tombstone } }),
    "a sign-in that evicts": () => store.create(fourth, { began: 1, limit }),
    "a list": () => store.list(partition),
    "a sign-out": () => store.end(fourth.id, tombstone),
  };
  await tool(address, "rows", kind);
  const written: Record<string, number> = {};
  const read: Record<string, number> = {};
  for (const [name, verb] of Object.entries(verbs)) {
    await verb();
    const rows = (await tool(address, "rows", kind)) as { readonly written: number; readonly read: number };
    written[name] = rows.written;
    read[name] = rows.read;
  }
  console.log(`rows read by ${kind}: ${JSON.stringify(read)}`);
  expect(written).toEqual(Object.fromEntries(Object.entries(WRITTEN).map(([name, counts]) => [name, counts[kind === "d1" ? 1 : 0]])));
});
