import type { MysqlPool } from "@holdfast/store-mysql";
import type { Pool as CallbackPool } from "mysql2";
import type { Connection, Pool } from "mysql2/promise";
import { expectTypeOf, it } from "vitest";

// Checked by `tsc`; at run time these calls do nothing.
it("a pool of mysql2/promise is a MysqlPool, one of mysql2 or a single connection is not", () => {
  expectTypeOf<Pool>().toExtend<MysqlPool>();
  expectTypeOf<CallbackPool>().not.toExtend<MysqlPool>();
  expectTypeOf<Connection>().not.toExtend<MysqlPool>();
});
