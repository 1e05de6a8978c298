import type { DatabaseSync } from "node:sqlite";
import type { SqliteDatabase } from "@holdfast/store-sqlite";
import type BetterSqlite3 from "better-sqlite3";
import type Libsql from "libsql";
import { expectTypeOf, it } from "vitest";

/** The part of bun:sqlite that matters, as bun-types declare it; importing them whole would change every global type here. */
type BunBinding = string | bigint | NodeJS.TypedArray | number | boolean | null | Record<string, string | number | null>;
interface BunStatement<Row, Values extends BunBinding[]> {
  get(...values: Values): Row | null;
  all(...values: Values): Row[];
  run(...values: Values): { lastInsertRowid: number | bigint; changes: number };
}
interface BunDatabase {
  exec<Values extends BunBinding[]>(sql: string, ...bindings: Values[]): { lastInsertRowid: number | bigint; changes: number };
  prepare<Row, Values extends BunBinding | BunBinding[]>(
    sql: string,
    values?: Values,
  ): BunStatement<Row, Values extends unknown[] ? Values : [Values]>;
}

interface AsyncDatabase {
  exec(sql: string): Promise<void>;
  prepare(sql: string): { get(): Promise<unknown>; all(): Promise<unknown[]>; run(): Promise<{ changes: number }> };
}

// Checked by `tsc`; at run time these calls do nothing.
it("each synchronous driver is a SqliteDatabase, an asynchronous one is not", () => {
  expectTypeOf<DatabaseSync>().toExtend<SqliteDatabase>();
  expectTypeOf<BetterSqlite3.Database>().toExtend<SqliteDatabase>();
  expectTypeOf<Libsql.Database>().toExtend<SqliteDatabase>();
  expectTypeOf<BunDatabase>().toExtend<SqliteDatabase>();
  expectTypeOf<AsyncDatabase>().not.toExtend<SqliteDatabase>();
});
