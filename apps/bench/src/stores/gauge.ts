import { openNodeRedis, openPg } from "./engines.ts";
import type { Contender } from "./contender.ts";

/** What an engine says of itself. */
export interface Gauge {
  /** Commands or statements since `reset`, and how many of them write; signs of life, which come with the time and not with requests, by themselves. */
  counts(): Promise<{ readonly all: number; readonly writes: number; readonly pings: number }>;
  reset(): Promise<unknown>;
  /** Bytes that the sessions of `contender` take, their indexes included. */
  bytes(contender: Contender): Promise<number>;
  empty(contender: Contender): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Commands of Redis that change nothing, as the contenders use them, and those of the connections themselves. */
const READING = new Set(["get", "mget", "ping", "info", "client", "client|tracking", "client|setinfo", "client|id", "hello", "exists", "ttl", "config|resetstat"]);

/** What this gauge asks. */
const OURS = new Set(["info", "config|resetstat"]);

export async function gaugeRedis(url: string): Promise<Gauge> {
  const redis = await openNodeRedis(url);
  if ((await redis.dbSize()) > 0) throw new Error("The Redis of this bench holds something, and would be emptied.");
  return {
    async counts() {
      const stats = [...(await redis.info("commandstats")).matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(([, name = "", calls]) => [name, Number(calls)] as const);
      // What a script does is counted besides the script.
      const sum = (wanted: (name: string) => boolean): number => stats.reduce((all, [name, calls]) => (wanted(name) ? all + calls : all), 0);
      const scripted = stats.some(([name]) => name.startsWith("eval"));
      return {
        all: sum((name) => !OURS.has(name) && name !== "ping"),
        pings: sum((name) => name === "ping"),
        writes: scripted ? sum((name) => name.startsWith("eval")) : sum((name) => !READING.has(name)),
      };
    },
    reset: () => redis.configResetStat(),
    async bytes() {
      let sum = 0;
      for await (const keys of redis.scanIterator({ COUNT: 1000 })) for (const size of await Promise.all(keys.map((key) => redis.memoryUsage(key, { SAMPLES: 0 })))) sum += size ?? 0;
      return sum;
    },
    empty: () => redis.flushAll(),
    close: () => redis.close(),
  };
}

const COUNTED = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query !~ 'pg_'";

export async function gaugePostgres(url: string): Promise<Gauge> {
  const pool = await openPg(url);
  await pool.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
  const value = async (text: string): Promise<number> => Number(Object.values((await pool.query<Record<string, unknown>>(text)).rows[0] ?? {})[0]);
  return {
    counts: async () => ({
      all: await value(COUNTED),
      pings: 0,
      writes: await value(`${COUNTED} AND query ~* '\\m(insert|update|delete)\\M'`),
    }),
    reset: () => pool.query("SELECT pg_stat_statements_reset()"),
    async bytes({ table }) {
      await pool.query(`VACUUM FULL "${table}"`);
      return value(`SELECT pg_total_relation_size('"${table}"')`);
    },
    empty: ({ table }) => pool.query(`TRUNCATE "${table}"`),
    close: () => pool.end(),
  };
}
