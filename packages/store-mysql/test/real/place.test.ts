import { testRow } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import { placesOn } from "../support/place.ts";
import { mariadbProgram } from "../support/program.ts";
import { connect } from "../support/servers.ts";

afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(mariadbProgram === undefined)("the tests on a MariaDB that is given [needs mariadb]", () => {
  it("use it, in a database of their own, which is gone afterwards", async () => {
    const server = await startMariadb(mariadbProgram ?? "");
    const other = await mysql.createConnection(server.url);
    onTestFinished(async () => {
      await other.end();
      await server.stop();
    });
    const tables = async (): Promise<unknown> => (await other.query("SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"))[0];
    const databases = async (): Promise<unknown> => (await other.query("SHOW DATABASES"))[0];
    const before = [await databases(), await tables()];
    vi.stubEnv("MYSQL_URL", server.url);
    const place = await placesOn("nothing").open();
    expect(new URL(place.url).host).toBe(new URL(server.url).host);
    const there = connect(place.url);
    await ensureMysqlSchema(there.run);
    expect((await createMysqlStore(there.run).create(testRow())).outcome).toBe("created");
    await there.close();
    expect(await databases()).not.toEqual(before[0]);
    await place.remove();
    expect([await databases(), await tables()]).toEqual(before);
  });
});
