import { createMysqlStore, ensureMysqlSchema, type MysqlRun, mysqlPool } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";

export interface Connected {
  readonly run: MysqlRun;
  close(): Promise<void>;
}

export function connect(uri: string, connections = 5, options: mysql.PoolOptions = {}): Connected {
  const pool = mysql.createPool({ uri, connectionLimit: connections, ...options });
  return { run: mysqlPool(pool), close: () => pool.end() };
}

export const openAt = (address: () => string): OpenEngine => async () => ({
  address: address(),
  async connect() {
    const { run, close } = connect(address());
    await ensureMysqlSchema(run);
    return { store: createMysqlStore(run), close };
  },
  remove: async () => undefined,
});
