import { HoldfastError } from "@holdfast/session-core/store";
import type { PostgresRun } from "./driver.ts";
import { namesOf, type PostgresStoreOptions, postgresSchema } from "./schema.ts";

/**
 * Makes what is missing of tables and functions; several servers may do it at once. The role needs CREATE on the schema; where it shall
 * not have that, run {@link postgresSchema} as a migration instead.
 * @throws HoldfastError `config` when the table exists with another `durability`.
 */
export async function ensurePostgresSchema(run: PostgresRun, options: PostgresStoreOptions = {}): Promise<void> {
  await run({ text: postgresSchema(options), values: [] });
  const [[unlogged] = []] = await run({ text: "SELECT relpersistence = 'u' FROM pg_class WHERE oid = $1::regclass", values: [namesOf(options).sessions] });
  if (unlogged !== (options.durability === "volatile")) {
    throw new HoldfastError("config", `durability: the table exists and is ${unlogged ? "" : "not "}UNLOGGED. ALTER TABLE ... SET ${unlogged ? "LOGGED" : "UNLOGGED"} changes it.`, { option: "durability" });
  }
}
