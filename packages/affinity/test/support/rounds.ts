import type { Client } from "./client.ts";

export interface Round {
  readonly requests: number;
  /** Answers that were no 200, and connections that broke. */
  readonly errors: number;
  /** Connections that broke, of these. */
  readonly unanswered: number;
  /** How often a client was answered by another node than before. */
  readonly moved: ReadonlyMap<Client, number>;
  /** Clients by the node that answered. */
  readonly spread: Readonly<Record<string, number>>;
}

/** Every client asks `times` times, some at once. */
export async function round(clients: readonly Client[], times = 1): Promise<Round> {
  const moved = new Map<Client, number>();
  let errors = 0;
  let unanswered = 0;
  const one = async (client: Client): Promise<void> => {
    const before = client.node;
    const { status } = await client.ask().catch(() => ({ status: 0 }));
    if (status === 0) unanswered += 1;
    if (status !== 200) errors += 1;
    else if (before !== undefined && client.node !== before) moved.set(client, (moved.get(client) ?? 0) + 1);
  };
  for (let time = 0; time < times; time += 1) {
    const waiting = [...clients];
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (let client = waiting.shift(); client !== undefined; client = waiting.shift()) await one(client);
    }));
  }
  const spread: Record<string, number> = {};
  for (const { node } of clients) if (node !== undefined) spread[node] = (spread[node] ?? 0) + 1;
  return { requests: clients.length * times, errors, unanswered, moved, spread };
}

/** Moves of all clients. */
export const movedIn = ({ moved }: Round): number => sum([...moved.values()]);

/** By client. */
export const movesOf = (client: Client, rounds: readonly Round[]): number => sum(rounds.map(({ moved }) => moved.get(client) ?? 0));

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** The busiest node in relation to the mean of `nodes`. */
export const unevenness = ({ spread }: Round, nodes: number): number => {
  const counts = Object.values(spread);
  return (Math.max(...counts) * nodes) / sum(counts);
};
