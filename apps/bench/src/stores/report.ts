import { spread } from "../statistics.ts";
import type { StoreRow } from "./bench.ts";
import type { Engine } from "./contender.ts";
import type { Load } from "./measure.ts";

const figure = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
const median = (row: StoreRow, of: (load: Load) => number): number => spread(row.loads.map(of)).median;

/** One table in Markdown for each engine. */
export const storeTables = (rows: readonly StoreRow[]): string =>
  (["redis", "postgres"] as const).map((engine) => tableOf(engine, rows.filter(({ contender }) => contender.engine === engine))).join("\n\n");

const tableOf = (engine: Engine, rows: readonly StoreRow[]): string => {
  const what = engine === "redis" ? "commands" : "statements";
  return [
    `| ${engine === "redis" ? "Redis" : "PostgreSQL"} | requests/s (IQR) | p50 / p99 ms | server CPU µs (IQR) | ${what} | serial trips | bytes to / from | writes per 1,000 | bytes per session |`,
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows.map((row) => {
      const { commands, trips, sent, received, writesPer1000, bytesPerSession } = row.traffic;
      const [perSecond, cpu] = [spread(row.loads.map((load) => load.perSecond)), spread(row.loads.map((load) => load.cpu))];
      return `| ${row.contender.name} | ${figure(perSecond.median)} (${figure(perSecond.low)} to ${figure(perSecond.high)}) | ${figure(median(row, ({ p50 }) => p50))} / ${figure(median(row, ({ p99 }) => p99))} | ${figure(cpu.median)} (${figure(cpu.low)} to ${figure(cpu.high)}) | ${commands.toFixed(2)} | ${trips.toFixed(2)} | ${figure(sent)} / ${figure(received)} | ${writesPer1000} | ${figure(bytesPerSession)} |`;
    }),
  ].join("\n");
};

const verdict = (met: boolean): string => (met ? "met" : "missed");

/** The targets, as sentences that say whether they are met. */
export function storeTargets(rows: readonly StoreRow[]): string[] {
  const named = (name: string): StoreRow | undefined => rows.find(({ contender }) => contender.name === name);
  const peer = named("express-session + connect-redis")?.traffic.bytesPerSession ?? Number.NaN;
  return rows.filter(({ contender }) => contender.ours).flatMap((row) => {
    const { name, floor = "", engine } = row.contender;
    const { commands, trips, writesPer1000, bytesPerSession } = row.traffic;
    const below = named(floor);
    // Both were measured in the same rounds.
    const over = spread(row.loads.map(({ cpu }, round) => cpu - (below?.loads[round]?.cpu ?? Number.NaN)));
    const most = name.includes("near cache") ? 0 : 1;
    return [
      `${name}: ${figure(over.median)} µs of CPU over "${floor}" (IQR ${figure(over.low)} to ${figure(over.high)}; target at most 25): ${verdict(over.median <= 25)}`,
      `${name}: ${commands.toFixed(2)} commands and ${trips.toFixed(2)} serial trips for a read (target ${most}): ${verdict(commands <= most && trips <= most)}`,
      `${name}: ${writesPer1000} writes per 1,000 requests a second apart (target at most 20): ${verdict(writesPer1000 <= 20)}`,
      ...(engine === "redis" && most === 1 ? [`${name}: ${(bytesPerSession / peer).toFixed(2)} times the bytes of express-session (target at most 1.25): ${verdict(bytesPerSession <= 1.25 * peer)}`] : []),
    ];
  });
}
