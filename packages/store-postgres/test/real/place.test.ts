import { testRow } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema } from "@holdfast/store-postgres";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startPostgres } from "../../../../tools/services/postgres.ts";
import { placesOn } from "../support/place.ts";
import { postgresProgram } from "../support/program.ts";
import { drivers } from "../support/servers.ts";

afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(postgresProgram === undefined)("the tests on a PostgreSQL that is given [needs postgres]", () => {
  it("use it, in a database of their own, which is gone afterwards", async () => {
    const server = await startPostgres(postgresProgram ?? "");
    const { run, close } = drivers(true).pg(server.url);
    onTestFinished(async () => {
      await close();
      await server.stop();
    });
    const tables = async (): Promise<unknown> => run({ text: "SELECT relname FROM pg_class WHERE relname LIKE 'holdfast%'", values: [] });
    const databases = async (): Promise<unknown> => run({ text: "SELECT datname FROM pg_database ORDER BY 1", values: [] });
    const before = await databases();
    vi.stubEnv("DATABASE_URL", server.url);
    const place = await placesOn("nothing").open();
    expect(new URL(place.url).host).toBe(new URL(server.url).host);
    const there = drivers(true).pg(place.url);
    await ensurePostgresSchema(there.run);
    expect((await createPostgresStore(there.run).create(testRow())).outcome).toBe("created");
    await there.close();
    expect(await databases()).not.toEqual(before);
    await place.remove();
    expect([await databases(), await tables()]).toEqual([before, []]);
  });
});
