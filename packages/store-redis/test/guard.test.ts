import { createRedisStore } from "@holdfast/store-redis";
import { testId, testRow, testTombstone } from "@holdfast/store-contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const refused = (): Promise<unknown> => Promise.reject(new Error("READONLY You can't write against a read only replica."));

/** A client of node-redis that leads to a server of this role; says how often it was asked for it. */
function leadingTo(role: "master" | "slave") {
  const client = {
    role,
    infos: 0,
    multi: () => ({ addCommand: () => undefined, execAsPipeline: async () => (client.role === "slave" ? refused() : ["ended", 1]) }),
    async sendCommand([name]: string[]): Promise<unknown> {
      if (name === "INFO") {
        client.infos += 1;
        return `role:${client.role}\r\n`;
      }
      if (name === "GET") return null;
      return client.role === "slave" ? refused() : name === "SET" ? "OK" : "ended";
    },
  };
  return client;
}

describe("a store with a client of its own for durable writes", () => {
  const storeOf = (client: object, own: object) => createRedisStore(client as never, { replicas: { client: own as never, onUnmet: () => undefined } });

  it("is refused by check() when either leads to a replica, and says which", async () => {
    const [master, slave] = [leadingTo("master"), leadingTo("slave")];
    await expect(storeOf(master, slave).check()).rejects.toMatchObject({ code: "config", option: "replicas.client" });
    await expect(storeOf(slave, master).check()).rejects.toMatchObject({ code: "config", option: "client" });
    await storeOf(master, leadingTo("master")).check();
  });

  it("says what is wrong with durable writes, and reads on where reads are well", async () => {
    const [reading, own] = [leadingTo("master"), leadingTo("slave")];
    const store = storeOf(reading, own);
    const end = (): Promise<unknown> => store.end(testId(), testTombstone(), { durable: true });
    await expect(end()).rejects.toThrow(/^READONLY/);
    for (let i = 0; i < 3; i++) await expect(end()).rejects.toMatchObject({ code: "config", option: "replicas.client" });
    for (let i = 0; i < 3; i++) expect(await store.read(testId())).toBeNull();
    expect(reading.infos).toBe(1);
    own.role = "master";
    expect(await end()).toBe("ended");
  });

  it("reads nothing either when a durable write was refused and both lead to the replica", async () => {
    const store = storeOf(leadingTo("slave"), leadingTo("slave"));
    await expect(store.end(testId(), testTombstone(), { durable: true })).rejects.toThrow(/^READONLY/);
    await expect(store.read(testId())).rejects.toMatchObject({ code: "config", option: "client" });
  });
});

describe("the question that sign-ins ask", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A Cluster of node-redis whose masters answer as told. */
  const clusterOf = (...answers: (() => Promise<unknown>)[]) => ({
    getSlotRandomNode: () => undefined,
    multi: () => undefined,
    masters: answers.map((answer) => ({ sendCommand: answer })),
    nodeClient: (node: never) => node,
    sendCommand: async (_key: unknown, _readonly: unknown, [name]: string[]) => (name === "SET" ? "OK" : null),
  });
  const master = async (): Promise<unknown> => "role:master";
  const away = (): Promise<unknown> => Promise.reject(new Error("connect ECONNREFUSED"));
  const silent = (): Promise<unknown> => new Promise(() => undefined);

  it("that was never answered is not the last", async () => {
    const client = { ...leadingTo("master"), asked: 0 };
    const { sendCommand } = client;
    const store = createRedisStore({ ...client, sendCommand: (args: string[]) => (args[0] === "INFO" && (client.asked += 1) === 1 ? silent() : sendCommand(args)) } as never);
    const first = expect(store.create(testRow())).rejects.toThrow(/in time/);
    await vi.advanceTimersByTimeAsync(2000);
    await first;
    expect(await store.create(testRow())).toMatchObject({ outcome: "created" });
    expect(client.asked).toBe(2);
  });

  it("is not insisted on while a master of a Cluster is away, but by check()", async () => {
    let second = away;
    const store = createRedisStore(clusterOf(master, () => second()) as never);
    await expect(store.check()).rejects.toThrow("ECONNREFUSED");
    expect(await store.create(testRow())).toMatchObject({ outcome: "created" });
    await vi.advanceTimersByTimeAsync(0);
    // What the missing one says when it is back counts.
    second = async () => "role:master\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru";
    await store.create(testRow());
    await vi.advanceTimersByTimeAsync(0);
    await expect(store.create(testRow())).rejects.toMatchObject({ code: "config", option: "evicts" });
    second = master;
    expect(await store.create(testRow())).toMatchObject({ outcome: "created" });
    await store.check();
  });

  it("waits once for a master that never answers", async () => {
    const store = createRedisStore(clusterOf(master, silent) as never);
    const first = store.create(testRow());
    await vi.advanceTimersByTimeAsync(2000);
    expect(await first).toMatchObject({ outcome: "created" });
    expect(await store.create(testRow())).toMatchObject({ outcome: "created" });
  });

  it("goes to the masters of a Cluster of ioredis, not to replicas that it was given to begin with", async () => {
    const node = (role: string) => ({ call: async () => `role:${role}`, pipeline: () => undefined });
    // Until it has its slots, all that it was given count as masters.
    const client = {
      isCluster: true,
      status: "connecting",
      all: [node("slave"), node("master")],
      nodes: () => (client.status === "ready" ? client.all.slice(1) : client.all),
      pipeline: () => undefined,
      async call(name: string): Promise<unknown> {
        client.status = "ready";
        return name === "INFO" ? "role:master" : "OK";
      },
    };
    expect(await createRedisStore(client as never).create(testRow())).toMatchObject({ outcome: "created" });
  });

  it("lets nobody in where no master answers, or one that does is wrong", async () => {
    await expect(createRedisStore(clusterOf(away, away) as never).create(testRow())).rejects.toThrow("ECONNREFUSED");
    await expect(createRedisStore(clusterOf(away, async () => "role:slave") as never).create(testRow())).rejects.toMatchObject({ code: "config" });
  });
});
