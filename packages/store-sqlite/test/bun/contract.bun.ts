// Run by Bun, whose test runner answers to the name vitest: `bun test ./test/bun/contract.bun.ts`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore } from "@holdfast/store-contract";
import { createSqliteStore, type SqliteDatabase } from "@holdfast/store-sqlite";
import { afterAll } from "vitest";

// Bun's types change every global type, so they are not installed here.
const bunSqlite: string = "bun:sqlite";
const { Database } = (await import(bunSqlite)) as { Database: new (path: string) => SqliteDatabase & { close(): void } };

const directory = mkdtempSync(join(tmpdir(), "holdfast-bun-"));
const db = new Database(join(directory, "contract.db"));
afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

describeStore("sqlite on bun:sqlite", async (clock) => ({ store: createSqliteStore(db, { clock }) }), {
  index: true,
  clock: "caller",
  durability: "single",
  evicts: false,
  inProcess: true,
});
