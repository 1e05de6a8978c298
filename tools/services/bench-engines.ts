import { startPostgres } from "./postgres.ts";
import { serviceFor } from "./programs.ts";
import { startRedis } from "./redis.ts";

export interface BenchEngines {
  /** How the bench of the stores finds them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The servers of `pnpm bench stores`, which empties them; `undefined` where one is missing. */
export async function startBenchEngines(): Promise<BenchEngines | undefined> {
  const [redisProgram, postgresProgram] = [serviceFor("redis", "the bench of the stores is"), serviceFor("postgres", "the bench of the stores is")];
  if (redisProgram === undefined || postgresProgram === undefined) return undefined;
  const redis = await startRedis(redisProgram);
  // As it is run: what was acknowledged is on the disk.
  const postgres = await startPostgres(postgresProgram, { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_preload_libraries: "pg_stat_statements" });
  return {
    env: { BENCH_REDIS_URL: redis.url, BENCH_POSTGRES_URL: postgres.url },
    async stop() {
      await redis.stop();
      await postgres.stop();
    },
  };
}
