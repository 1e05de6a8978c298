import type { Kind } from "./judge.ts";
import { askAll, createProbe, type Probe, type ProbeOptions, type Probed, type Round, spreadOf } from "./probe.ts";

/** Who asks, and a record of all that was asked. */
export interface Crowd {
  readonly rounds: readonly Round[];
  /** That many clients of a kind, numbered from `from` on. */
  many(count: number, build: (number: number) => ProbeOptions, from?: number): Probe[];
  /** All of them ask that many times. Resolves with how many requests another node answered than the one before. */
  ask(probes: readonly Probe[], times?: number): Promise<number>;
}

export const createCrowd = (probed: Probed): Crowd => {
  const rounds: Round[] = [];
  return {
    rounds,
    many: (count, build, from = 0) => Array.from({ length: count }, (_, index) => createProbe(probed, build(from + index))),
    async ask(probes, times = 1) {
      let moved = 0;
      for (let time = 0; time < times; time += 1) {
        // In any order: a balancer that takes turns must not meet the same client at the same turn.
        const round = await askAll(shuffled(probes));
        rounds.push(round);
        moved += round.moved.size;
      }
      return moved;
    },
  };
};

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const order = [...items];
  for (let left = order.length; left > 1; left -= 1) order.push(...order.splice(Math.floor(Math.random() * left), 1));
  return order;
}

/** Each asks once, and then twice more: what these two met. */
export async function observe(crowd: Crowd, probes: readonly Probe[]): Promise<Kind> {
  await crowd.ask(probes);
  const moved = await crowd.ask(probes, 2);
  return { clients: probes.length, nodes: spreadOf(probes), requests: probes.length * 2, moved };
}

/** Another address in the same /24, or `undefined` where this machine need not have it: of 127.0.0.0/8, Linux has all. */
export function neighbourOf(address: string, number: number): string | undefined {
  const network = /^(127\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address)?.[1];
  return network === undefined ? undefined : `${network}.${1 + (number % 254)}`;
}
