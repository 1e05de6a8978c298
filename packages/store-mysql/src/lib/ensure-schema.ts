import { HoldfastError } from "@holdfast/session-core/store";
import type { MysqlRun } from "./driver.ts";
import { type MysqlStoreOptions, mysqlSchema } from "./schema.ts";

/**
 * Makes what is missing of tables and procedures; several servers may do it at once. The user needs CREATE and CREATE ROUTINE; where it shall
 * not have them, run {@link mysqlSchema} as a migration instead.
 * @throws HoldfastError `config` when connections do not commit by themselves.
 */
export async function ensureMysqlSchema(run: MysqlRun, options: MysqlStoreOptions = {}): Promise<void> {
  const { rows } = await run({ text: "SELECT @@autocommit", values: [] });
  if (Number(rows[0]?.[0]) !== 1) throw new HoldfastError("config", "autocommit: must be on for the connections of the store; nothing would ever be committed.", { option: "autocommit" });
  for (const text of mysqlSchema(options)) await run({ text, values: [] });
}
