import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { testId, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisClient } from "@holdfast/store-redis";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis5";
import { afterEach, describe, expect, it } from "vitest";

const left: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of left.splice(0)) await end();
});

/** A port of this process that nobody serves while it is asked for. */
async function unserved(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

interface Away {
  readonly client: RedisClient;
  close(): void;
}
interface Settings {
  readonly queues: boolean;
  readonly tries?: number;
}

/** A client that has failed to connect and tries again. */
const AWAY = {
  "node-redis 6": (settings: Settings) => ofNodeRedis(createClient as never, settings),
  "node-redis 5": (settings: Settings) => ofNodeRedis(createClient5 as never, settings),
  "ioredis 6": (settings: Settings) => ofIoredis(Redis, settings),
  "ioredis 5": (settings: Settings) => ofIoredis(Redis5 as never, settings),
};

async function ofNodeRedis(create: typeof createClient, { queues, tries = Number.POSITIVE_INFINITY }: Settings): Promise<Away> {
  const client = create({ disableOfflineQueue: !queues, socket: { port: await unserved(), reconnectStrategy: (retries) => (retries < tries ? 20 : false) } });
  const failed = new Promise((done) => void client.on("error", done));
  client.connect().catch(() => undefined);
  await failed;
  left.push(() => client.isOpen && client.destroy());
  return { client, close: () => client.destroy() };
}

async function ofIoredis(Client: typeof Redis, { queues, tries = Number.POSITIVE_INFINITY }: Settings): Promise<Away> {
  const client = new Client({ port: await unserved(), enableOfflineQueue: queues, maxRetriesPerRequest: null, retryStrategy: (times) => (times <= tries ? 20 : null) });
  const failed = new Promise((done) => void client.on("error", done));
  await failed;
  left.push(() => client.disconnect());
  return { client, close: () => client.disconnect() };
}

/** Ends with the test, if nothing else ends it. */
const patient = (): AbortSignal => new AbortController().signal;

describe.each(Object.entries(AWAY))("without a connection, %s", (_name, away) => {
  it("that is told to queue nothing rejects reads, writes and durable writes at once", async () => {
    const { client } = await away({ queues: false });
    const store = createRedisStore(client, { replicas: { client, onUnmet: () => undefined } });
    await expect(store.read(testId(), { signal: patient() })).rejects.toThrow();
    await expect(store.delete(testId(), { signal: patient() })).rejects.toThrow();
    await expect(store.end(testId(), testTombstone(), { durable: true, signal: patient() })).rejects.toThrow();
  });

  it("that is closed for good ends what waits for it", async () => {
    const { client, close } = await away({ queues: true });
    const read = createRedisStore(client).read(testId(), { signal: patient() });
    const refused = expect(read).rejects.toThrow(/closed/i);
    close();
    await refused;
  });

  it("that gives up connecting ends what waits for it", async () => {
    const { client } = await away({ queues: true, tries: 3 });
    await expect(createRedisStore(client).read(testId(), { signal: patient() })).rejects.toThrow(/closed/i);
  });
});

/** A client of which the test decides when it is connected. */
class Scripted extends EventEmitter {
  isOpen = true;
  isReady = false;
  readonly sent: string[][] = [];
  multi(): void {}
  async sendCommand(args: string[]): Promise<unknown> {
    this.sent.push(args);
    return null;
  }
  attached(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

describe("what waits for a connection", () => {
  it("leaves no listeners behind, however often it was given up", async () => {
    const client = new Scripted();
    const store = createRedisStore(client as never);
    const counts = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController();
      const read = store.read(testId(), { signal: controller.signal });
      controller.abort(new Error("late"));
      await expect(read).rejects.toThrow("late");
      counts.add(client.attached());
    }
    expect(counts.size).toBe(1);
    client.isReady = true;
    client.emit("ready");
    expect(client.attached()).toBe(0);
    expect(client.sent).toEqual([]);
  });

  it("waits on when the connection is gone again before it is sent, or the client was closed and opened anew", async () => {
    const client = new Scripted();
    const store = createRedisStore(client as never);
    const read = store.read(testId(), { signal: patient() });
    for (const event of ["ready", "end", "error"]) {
      client.isReady = true;
      client.emit(event);
      client.isReady = false;
      await Promise.resolve();
    }
    expect(client.sent).toEqual([]);
    client.isReady = true;
    client.emit("ready");
    expect(await read).toBeNull();
    expect(client.sent.map(([name]) => name)).toEqual(["GET"]);
  });
});
