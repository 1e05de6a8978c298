import mysql from "mysql2/promise";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import { type Database, databasesOn, plainServer, type Source } from "../../../../tools/services/plain.ts";

/** For tests that only talk to the server. @param args of one of their own */
export const placesOn = (what: string, args: readonly string[] = []): Source<Database> =>
  databasesOn(plainServer("mariadb", what, (program) => startMariadb(program, args)), async (url, statement) => {
    const connection = await mysql.createConnection(url);
    await connection.query(statement).finally(() => connection.end());
  });
