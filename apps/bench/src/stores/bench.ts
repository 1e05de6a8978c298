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
  /** Seconds of load before the first round. */
  readonly warming: number;
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

/** Of servers for this alone: they are emptied. `tools/services/bench-engines.ts` starts them. */
const VARIABLES = { redis: "BENCH_REDIS_URL", postgres: "BENCH_POSTGRES_URL" } as const satisfies Record<Engine, string>;

async function openEngines(): Promise<Engines> {
  const urlOf = (engine: Engine): URL => {
    const url = process.env[VARIABLES[engine]];
    if (!url) throw new Error(`${VARIABLES[engine]} must name a server for this bench alone, which is emptied; \`pnpm bench stores\` starts one.`);
    return new URL(url);
  };
  const gauge = { redis: await gaugeRedis(urlOf("redis").href), postgres: await gaugePostgres(urlOf("postgres").href) };
  return {
    url: (engine, port) => Object.assign(urlOf(engine), port && { port: String(port) }).href,
    port: (engine) => Number(urlOf(engine).port),
    gauge,
    async close() {
      for (const each of Object.values(gauge)) await each.close();
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
      // The round before the first warms the code up: after 2 s each request still cost twice of what it costs after 10.
      for (let round = -1; round < plan.rounds; round++) {
        for (const { running, cookies, loads } of shuffle(runs)) {
          progress(`round ${round + 1} of ${plan.rounds}: ${running.contender.name}`);
          const figures = await load(running, cookies, round < 0 ? { ...plan, seconds: plan.warming } : plan);
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
  const engines = await openEngines();
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
