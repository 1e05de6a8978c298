import { EventEmitter } from "node:events";
import { createRedisStore, type RedisClient } from "@holdfast/store-redis";
import type { TrackingClient } from "@holdfast/store-redis/tracking";
import { testId, testPartition, testTombstone } from "@holdfast/store-contract";
import type { Cluster as IoredisCluster, Redis as Ioredis } from "ioredis";
import type { Cluster as Ioredis5Cluster, Redis as Ioredis5 } from "ioredis5";
import type { createClient, createClientPool, createCluster, createSentinel } from "redis";
import type { createClient as createClient5, createCluster as createCluster5, createSentinel as createSentinel5 } from "redis5";
import { describe, expect, expectTypeOf, it, vi } from "vitest";

// Checked by `tsc`; at run time these calls do nothing.
it("each client, as its library makes it, is a RedisClient", () => {
  expectTypeOf<Ioredis>().toExtend<RedisClient>();
  expectTypeOf<IoredisCluster>().toExtend<RedisClient>();
  expectTypeOf<Ioredis5>().toExtend<RedisClient>();
  expectTypeOf<Ioredis5Cluster>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createClientPool>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createCluster>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createSentinel>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createClient5>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createCluster5>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createSentinel5>>().toExtend<RedisClient>();
  expectTypeOf<ReturnType<typeof createClient<Record<never, never>, Record<never, never>, Record<never, never>, 3>>>().toExtend<TrackingClient>();
  expectTypeOf<Ioredis>().toExtend<TrackingClient>();
  expectTypeOf<{ get(key: string): Promise<string> }>().not.toExtend<RedisClient>();
});

/** A client of which each pair of commands is answered as told; says what it was sent. */
function scripted(answers: (readonly [Error | null, unknown])[][]) {
  const sent: string[][] = [];
  return {
    sent,
    async call(name: string, args: string[]) {
      sent.push([name, ...args]);
      return "ended";
    },
    pipeline(commands: string[][]) {
      sent.push(...commands);
      return { exec: async () => (answers.shift() ?? []).map(([error, reply]) => [error, reply] as [Error | null, unknown]) };
    },
  };
}

it("a near cache gets its beat where all commands take one connection, and nowhere else", () => {
  const several = [
    { call: async () => "", pipeline: () => ({ exec: async () => null }), isCluster: true },
    { sendCommand: async () => "", multi: () => undefined, totalClients: 1 },
    { sendCommand: async () => "", multi: () => undefined, getSlotRandomNode: () => undefined, masters: [], nodeClient: () => undefined },
  ];
  for (const client of several) expect(createRedisStore(client as never).beat).toBeUndefined();
  expect(createRedisStore(scripted([])).beat).toBeTypeOf("function");
});

it("nothing waits for a connection of node-redis with several: Sentinel of version 5 never says that it has one", async () => {
  const sent: string[] = [];
  const state = { isOpen: true, isReady: false, multi: () => undefined };
  const sentinel = { ...state, getSentinelNode: () => undefined, sendCommand: async (_readonly: boolean, [name = ""]: string[]) => (sent.push(name), null) };
  const cluster = { ...state, getSlotRandomNode: () => undefined, sendCommand: async (_key: string, _readonly: boolean, [name = ""]: string[]) => (sent.push(name), null) };
  for (const client of [sentinel, cluster]) await createRedisStore(client as never).read(testId(), { signal: new AbortController().signal });
  expect(sent).toEqual(["GET", "GET"]);
});

describe("a durable write", () => {
  const store = (client: RedisClient, unmet: unknown[]) => createRedisStore(client, { replicas: { client, acknowledge: 1, timeoutMs: 200, onUnmet: (write) => void unmet.push(write) } });
  const end = (client: RedisClient, unmet: unknown[]): Promise<unknown> => store(client, unmet).end(testId(), testTombstone(), { durable: true });

  it("whose slot has moved is written where it is now, and the WAIT that stayed behind counts for nothing", async () => {
    const unmet: unknown[] = [];
    const client = scripted([[[new Error("MOVED 1 127.0.0.1:7001"), null], [null, 3]]]);
    expect(await end(client, unmet)).toBe("ended");
    expect(client.sent.map(([name]) => name)).toEqual(["evalsha", "wait", "EVALSHA"]);
    expect(unmet).toEqual([{ verb: "end", acknowledged: 0 }]);
  });

  it("whose script the server does not have is sent whole, and waits again", async () => {
    const unmet: unknown[] = [];
    const client = scripted([[[new Error("NOSCRIPT No matching script."), null], [null, 1]], [[null, "ended"], [null, 1]]]);
    expect(await end(client, unmet)).toBe("ended");
    expect(client.sent.map(([name]) => name)).toEqual(["evalsha", "wait", "eval", "wait"]);
    expect(unmet).toEqual([]);
  });

  it("of which only the WAIT was lost rejects: nobody knows who has it", async () => {
    const lost = new Error("Connection is closed.");
    await expect(end(scripted([[[null, "ended"], [lost, null]]]), [])).rejects.toBe(lost);
  });

  const waits = (client: ReturnType<typeof scripted>): unknown[] => client.sent.filter(([name]) => name === "wait").map(([, , timeout]) => timeout);

  it("waits shortly while replicas do not answer, asks patiently now and then, and is patient again with the first that is acknowledged", async () => {
    const unmet: unknown[] = [];
    const client = scripted(Array.from({ length: 42 }, (_, i) => [[null, ["1", []]], [null, i < 22 || i === 24 ? 0 : 1]]));
    const patient = store(client, unmet);
    for (let i = 0; i < 27; i++) await patient.endAll(testPartition(), testTombstone(), { durable: true });
    expect(waits(client)).toEqual(["200", ...Array(19).fill("20"), "200", "20", "20", "200", "200", "20", "200"]);
    expect(unmet).toHaveLength(23);
  });

  it("of replicas that are far away does not wait less than they need: one that was late makes no other late", async () => {
    vi.useFakeTimers();
    try {
      // There and back takes 50 ms, which is more than a tenth of the time they have.
      let late = false;
      const client = scripted([]);
      const away: RedisClient = {
        ...client,
        pipeline(commands: string[][]) {
          client.sent.push(...commands);
          const given = Number(commands[1]?.[2]);
          const [takes, count] = late || given < 50 ? [given, 0] : [50, 1];
          late = false;
          return { exec: () => new Promise((resolve) => void setTimeout(() => resolve([[null, ["1", []]], [null, count]]), takes)) };
        },
      };
      const unmet: unknown[] = [];
      const patient = store(away, unmet);
      const write = async (): Promise<void> => {
        const done = patient.endAll(testPartition(), testTombstone(), { durable: true });
        await vi.advanceTimersByTimeAsync(200);
        await done;
      };
      await write();
      late = true;
      for (let i = 0; i < 4; i++) await write();
      expect(waits(client)).toEqual(["200", "200", "100", "200", "200"]);
      expect(unmet).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([300, 60])("that waited %i ms for its connection does not make the next ones patient", async (outage) => {
    vi.useFakeTimers();
    try {
      const client = Object.assign(new EventEmitter(), scripted([[[null, "ended"], [null, 1]], ...Array.from({ length: 4 }, () => [[null, "ended"] as const, [null, 0] as const])]), { status: "reconnecting" });
      const patient = store(client as never, []);
      const write = (): Promise<unknown> => patient.end(testId(), testTombstone(), { durable: true, signal: new AbortController().signal });
      const first = write();
      await vi.advanceTimersByTimeAsync(outage);
      client.status = "ready";
      client.emit("ready");
      await first;
      for (let i = 0; i < 4; i++) await write();
      expect(waits(client)).toEqual(["200", "200", "20", "20", "20"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("that takes longer than replicas may does not make the next ones as patient", async () => {
    vi.useFakeTimers();
    try {
      const answers: [number, number][] = [[5000, 1], [0, 0], [0, 0]];
      const client = scripted([]);
      const slow = {
        ...client,
        pipeline(commands: string[][]) {
          client.sent.push(...commands);
          const [takes, count] = answers.shift() ?? [0, 0];
          return { exec: () => new Promise<[Error | null, unknown][]>((resolve) => void setTimeout(() => resolve([[null, "ended"], [null, count]]), takes)) };
        },
      };
      const patient = store(slow, []);
      const write = (): Promise<unknown> => patient.end(testId(), testTombstone(), { durable: true });
      for (const takes of [5000, 0, 0]) {
        const done = write();
        await vi.advanceTimersByTimeAsync(takes);
        await done;
      }
      expect(waits(client)).toEqual(["200", "200", "20"]);
    } finally {
      vi.useRealTimers();
    }
  });
});
