import type { SessionId } from "@holdfast/session-core/store";
import { testId, testRow } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";
import { soon } from "../support/near.ts";

const program = serviceFor("redis", "calls that were given up are");

/**
 * node-redis 5.9 may take itself for connected to a server that has just died, for good (README, Limits): it connects once more while the dying process
 * still listens, and does not see that this connection ended before it was set up. Without an outage to test there is nothing to tell.
 */
const noticing = Object.entries(CLIENTS).filter(([name]) => name !== "node-redis 5");

describe.skipIf(program === undefined).each(noticing)("what was given up during an outage is never sent, with %s [needs redis]", (_name, connect) => {
  let server: Server;
  beforeAll(async () => void (server = await startRedis(program ?? "")));
  afterAll(() => server?.stop());

  /** While the server is away the work is begun and given up; then it is back. */
  const outage = async (clients: readonly Connected[], work: (signal: AbortSignal) => Promise<unknown>[]): Promise<void> => {
    await server.signal("SIGKILL");
    const isReady = ({ client }: Connected): boolean => ("status" in client ? client.status === "ready" : "isReady" in client && client.isReady === true);
    await soon(() => expect(clients.some(isReady)).toBe(false));
    const controller = new AbortController();
    const over = Promise.allSettled(work(controller.signal));
    controller.abort(new Error("time is over"));
    for (const outcome of await over) expect(outcome).toMatchObject({ status: "rejected", reason: { message: "time is over" } });
    await server.restart();
    for (const { command } of clients) await soon(() => command("", "PING"));
  };
  const countOf = async ({ command }: Connected, name: RegExp): Promise<number> => [...String(await command("", "INFO", "commandstats")).matchAll(name)].length;

  it("reads and writes leave no backlog", async () => {
    const one = await connect(server.url);
    const store = createRedisStore(one.client);
    await store.read(testId());
    await outage([one], (signal) => Array.from({ length: 2000 }, (_, i) => (i % 2 ? store.read(testId(), { signal }) : store.delete(testId(), { signal }))));
    expect(await countOf(one, /^cmdstat_(get|del):/gm)).toBe(0);
    // It goes on as if nothing had been.
    expect(await store.read(testId())).toBeNull();
    await one.close();
  });

  it("nor do writes that wait for replicas, and their WAIT", async () => {
    const [reading, writing] = [await connect(server.url), await connect(server.url)];
    const store = createRedisStore(reading.client, { replicas: { client: writing.client, timeoutMs: 10, onUnmet: () => undefined } });
    await store.create(testRow(), { began: Date.now() }, { durable: true });
    const ids: SessionId[] = [];
    await outage([reading, writing], (signal) =>
      [true, false].map((durable) => {
        const row = testRow();
        ids.push(row.id);
        return store.create(row, undefined, { durable, signal });
      }),
    );
    for (const id of ids) expect(await store.read(id)).toBeNull();
    expect(await countOf(writing, /^cmdstat_(set|wait):/gm)).toBe(0);
    for (const { close } of [reading, writing]) await close();
  });
});
