import type { CloudflareWorkersModule, D1Database as PlatformDatabase, DurableObjectNamespace, DurableObjectStorage } from "@cloudflare/workers-types";
import { testRow } from "@holdfast/store-contract";
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
