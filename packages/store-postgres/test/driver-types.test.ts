import type { PgPool, PostgresJs } from "@holdfast/store-postgres";
import type pg from "pg";
import type postgres from "postgres";
import { expectTypeOf, it } from "vitest";

// Checked by `tsc`; at run time these calls do nothing.
it("a pool of pg is a PgPool, the function of postgres a PostgresJs, and none is the other", () => {
  expectTypeOf<pg.Pool>().toExtend<PgPool>();
  expectTypeOf<postgres.Sql>().toExtend<PostgresJs>();
  expectTypeOf<pg.Client>().not.toExtend<PgPool>();
  expectTypeOf<pg.Pool>().not.toExtend<PostgresJs>();
});
