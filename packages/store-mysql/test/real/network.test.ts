import { createMysqlStore, ensureMysqlSchema, mysqlPool } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeNetwork, GONE } from "../../../store-contract/test/shared/network.ts";
import { mariadbProgram } from "../support/program.ts";

describe.skipIf(mariadbProgram === undefined)("[needs mariadb]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startMariadb(mariadbProgram ?? "")));
  afterAll(() => server?.stop());
  describeNetwork("MariaDB with mysql2", () => server.port, async (port, connectionLimit) => {
    const pool = mysql.createPool({ uri: `mysql://root@127.0.0.1:${port}/test`, connectionLimit, connectTimeout: GONE, enableKeepAlive: true });
    const run = mysqlPool(pool, { abandonAfter: GONE });
    await ensureMysqlSchema(run);
    return { store: createMysqlStore(run), close: () => pool.end() };
  });
});
