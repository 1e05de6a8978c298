import { DatabaseSync } from "node:sqlite";
import { createSqliteStore } from "@holdfast/store-sqlite";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { scratch } from "./drivers.ts";

/** A file of its own for each test. */
export const openFile: OpenEngine = async () => {
  const files = scratch();
  const address = files.path("shared.db");
  return {
    address,
    async connect(clock) {
      const db = new DatabaseSync(address);
      return { store: createSqliteStore(db, { synchronous: "normal", ...(clock && { clock }) }), close: async () => db.close() };
    },
    remove: async () => files.remove(),
  };
};
