import type { CloudflareWorkersModule, D1Database as PlatformDatabase, DurableObjectNamespace, DurableObjectStorage } from "@cloudflare/workers-types";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createD1Store, type D1Database, d1Schema } from "@holdfast/store-workers/d1";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createDurableObjectStore, type SessionsNamespace } from "../src/lib/object/object-store.ts";
import type { SessionsObject } from "../src/lib/object/sessions-object.ts";
import type { ObjectStorage } from "../src/lib/object/state.ts";
import { CAPABILITIES } from "./support/remote-store.ts";

const silent = (): Promise<never> => new Promise<never>(() => undefined);
const statement = { bind: () => statement, all: silent };
const database: D1Database = { withSession: () => ({ prepare: () => statement, batch: silent }) };
const stub = { read: silent, create: silent, update: silent, touch: silent, end: silent, delete: silent, list: silent, endAll: silent };
const namespace: SessionsNamespace = { idFromName: (name) => name, get: () => stub };

describe.each(Object.entries({ "Durable Objects": createDurableObjectStore(namespace), D1: createD1Store(database) }))("the store of %s", (_name, store) => {
  it("declares what the contract is run with", () => {
    expect(store.capabilities).toEqual(CAPABILITIES);
  });

  it("[K07] rejects with the reason of a signal that fires while the platform does not answer", async () => {
    const { id } = testRow();
    const controller = new AbortController();
    const calls = [store.read(id, controller), store.update(testRow(), 0, controller), store.delete(id, controller)];
    const reason = new Error("too late");
    controller.abort(reason);
    for (const call of calls) await expect(call).rejects.toBe(reason);
  });
});

it("D1 is asked at its primary, each call in a session of its own, whose first query alone is sure to go there", async () => {
  const asked: string[] = [];
  const counting = (): ReturnType<D1Database["withSession"]> => {
    const session = database.withSession("first-primary");
    let calls = 0;
    const once = (): Promise<never> => ((calls += 1), asked.push(`query ${calls}`), Promise.reject(new Error("enough")));
    const counted = { bind: () => counted, all: once };
    return { ...session, prepare: () => counted, batch: once };
  };
  const store = createD1Store({ withSession: (constraint) => (asked.push(constraint), counting()) });
  const [row, stone] = [testRow(), testTombstone()];
  const partition = partitionOf(row.id);
  const calls = [store.read(row.id), store.create(row), store.create(row, { began: 1 }), store.update(row, 0), store.touch(row.id, 1, 2), store.end(row.id, stone), store.delete(row.id), store.list(partition), store.endAll(partition, stone), store.sweep(1)];
  await Promise.allSettled(calls);
  expect(asked).toEqual(calls.flatMap(() => ["first-primary", "query 1"]));
});

it.each(["", "a b", 'x"; DROP TABLE y; --', "1st", "ünï", "a.b", "sqlite_x", "_cf_KV", "a\0", "x".repeat(56)])("[K05] the table name %j is refused", (table) => {
  const refused = expect.objectContaining({ code: "config", option: "table" });
  expect(() => createD1Store(database, { table })).toThrow(refused);
  expect(() => d1Schema({ table })).toThrow(refused);
});

// Checked by `tsc`; at run time these calls do nothing.
it("the bindings of the platform are of the structural types", () => {
  // Here its base class is our small declaration of it; where it is deployed it is the real one.
  type Deployed = SessionsObject & CloudflareWorkersModule.DurableObject;
  expectTypeOf<PlatformDatabase>().toExtend<D1Database>();
  expectTypeOf<DurableObjectStorage>().toExtend<ObjectStorage>();
  expectTypeOf(createDurableObjectStore).toBeCallableWith({} as DurableObjectNamespace<Deployed>);
});
