import { generateKeys } from "@holdfast/session-core";
import { encryptStore } from "@holdfast/session-core/encrypted";
import { describeStore } from "@holdfast/store-contract";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { afterAll, describe, it } from "vitest";
import { drivers, scratch } from "./support/drivers.ts";

const keys = generateKeys();

for (const { name, open, missing } of drivers) {
  if (open === undefined) {
    it.skip(`store contract: sqlite on ${name} (not run: ${missing})`);
    continue;
  }
  describe(name, () => {
    const files = scratch();
    const db = open(files.path("contract.db"));
    afterAll(() => {
      db.close();
      files.remove();
    });
    describeStore(`sqlite on ${name}`, async (clock) => ({ store: createSqliteStore(db, { clock }) }), {
      index: true,
      clock: "caller",
      durability: "single",
      evicts: false,
      inProcess: true,
    });
    const { capabilities } = createSqliteStore(db);
    describeStore(`sqlite on ${name}, encrypted`, async (clock) => ({ store: encryptStore(createSqliteStore(db, { clock, table: "sealed" }), { keys }) }), capabilities);
  });
}
