import { serviceFor } from "../../../../tools/services/programs.ts";
import { startPostgres } from "../../../../tools/services/postgres.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Contender, Engine } from "./contender.ts";
import { type Gauge, gaugePostgres, gaugeRedis } from "./gauge.ts";
import { ask, type Load, load, signIn, type Traffic, traffic } from "./measure.ts";
import { type Running, start } from "./process.ts";
import { shuffle } from "../statistics.ts";
import { startWiretap } from "./wiretap.ts";

export interface StoreRow {
  readonly contender: Contender;
  readonly traffic: Traffic;
  /** One for each round. */
  readonly loads: readonly Load[];
}

export interface StorePlan {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** Signed-in sessions whose requests come in turn. */
  readonly sessions: number;
}

interface Engines {
  readonly url: (engine: Engine, port?: number) => string;
  readonly port: (engine: Engine) => number;
  readonly gauge: Readonly<Record<Engine, Gauge>>;
  close(): Promise<void>;
}

const programOf = (engine: Engine): string => {
  const program = serviceFor(engine, "the bench of the stores is");
  if (program === undefined) throw new Error(`the bench needs ${engine}`);
  return program;
};

async function startEngines(): Promise<Engines> {
  const redis = await startRedis(programOf("redis"));
  // As it is run: what was acknowledged is on the disk.
  const postgres = await startPostgres(programOf("postgres"), { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_preload_libraries: "pg_stat_statements" });
  const port = (engine: Engine): number => (engine === "redis" ? redis : postgres).port;
  const url = (engine: Engine, at = port(engine)): string => (engine === "redis" ? `redis://127.0.0.1:${at}` : `postgres://app@127.0.0.1:${at}/postgres`);
  const gauge = { redis: await gaugeRedis(url("redis")), postgres: await gaugePostgres(url("postgres")) };
  return {
    url,
    port,
    gauge,
    async close() {
      for (const each of Object.values(gauge)) await each.close();
      await redis.stop();
      await postgres.stop();
    },
  };
}

/** Asks each contender once whether it answers rightly. */
export async function checkStores(contenders: readonly Contender[]): Promise<void> {
  await withEngines(async ({ url }) => {
    for (const contender of contenders) await during(await start(contender, url(contender.engine)), async (running) => ask(running, await signIn(running, "user-42")));
  });
}

/** All contenders against the same engines; under load in rounds, in another order each time. */
export async function benchStores(contenders: readonly Contender[], plan: StorePlan, progress: (what: string) => void): Promise<StoreRow[]> {
  return withEngines(async ({ url, port, gauge }) => {
    const counted = new Map<Contender, Traffic>();
    for (const contender of contenders) {
      progress(`counting: ${contender.name}`);
      const tap = await startWiretap(port(contender.engine));
      await during(await start(contender, url(contender.engine, tap.port)), async (running) => counted.set(contender, await traffic(running, tap, gauge[contender.engine])));
      tap.close();
    }
    const runs: { readonly running: Running; readonly cookies: string[]; readonly loads: Load[] }[] = [];
    try {
      for (const contender of contenders) {
        const run = { running: await start(contender, url(contender.engine)), cookies: [] as string[], loads: [] };
        runs.push(run);
        while (run.cookies.length < plan.sessions) run.cookies.push(await signIn(run.running, `user-${run.cookies.length}`));
      }
      // The round before the first warms the code up.
      for (let round = -1; round < plan.rounds; round++) {
        for (const { running, cookies, loads } of shuffle(runs)) {
          progress(`round ${round + 1} of ${plan.rounds}: ${running.contender.name}`);
          const figures = await load(running, cookies, plan);
          if (round >= 0) loads.push(figures);
        }
      }
    } finally {
      for (const { running } of runs) await running.stop();
    }
    return runs.map(({ running: { contender }, loads }) => ({ contender, loads, traffic: counted.get(contender) as Traffic }));
  });
}

async function withEngines<T>(work: (engines: Engines) => Promise<T>): Promise<T> {
  const engines = await startEngines();
  try {
    return await work(engines);
  } finally {
    await engines.close();
  }
}

async function during(running: Running, work: (running: Running) => Promise<unknown>): Promise<void> {
  try {
    await work(running);
  } finally {
    await running.stop();
  }
}
