import pg from "pg";
import { type Database, databasesOn, plainServer, type Source } from "../../../../tools/services/plain.ts";
import { startPostgres } from "../../../../tools/services/postgres.ts";

/** For tests that only talk to the server. */
export const placesOn = (what: string): Source<Database> =>
  databasesOn(
    plainServer("postgres", what, startPostgres),
    async (url, statement) => {
      const client = new pg.Client(url);
      await client.connect();
      await client.query(statement).finally(() => client.end());
    },
    // A pooler may still have connections to it.
    "DROP DATABASE % WITH (FORCE)",
  );
