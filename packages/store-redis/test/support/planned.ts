import { expect, vi } from "vitest";
import { type FaultProxy, startFaultProxy } from "../../../../tools/services/fault-proxy.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { askRedis, untilRedis } from "../../../../tools/services/redis-ask.ts";
import type { Server } from "../../../../tools/services/server.ts";

/** A master and its replica behind names of whoever is the master, as managed services have it: only new connections go to another one. */
export interface PlannedFailover {
  /** Who is told what: the names are the same, but each connection can be cut by itself. */
  readonly names: readonly [FaultProxy, FaultProxy];
  /** The master of the beginning. */
  readonly old: Server;
  /** The replica, and then the master. */
  readonly heir: Server;
  /** What the old master hears of the new one: nothing, unless told otherwise. */
  readonly link: FaultProxy;
  /** Changes roles and cuts no connection, as `FAILOVER` and some hosts do. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

const offset = async ({ port }: Server): Promise<number> => Number(/(?:slave|master)_repl_offset:(\d+)/.exec(await askRedis(port, "INFO replication"))?.[1]);

export async function startPlannedFailover(program: string): Promise<PlannedFailover> {
  const old = await startRedis(program, { args: ["--repl-diskless-sync-delay", "0"] });
  const heir = await startRedis(program, { args: ["--replicaof", "127.0.0.1", String(old.port)] });
  await untilRedis(heir.port, "INFO replication", /master_link_status:up/);
  let current = old.port;
  const names = [await startFaultProxy(() => current), await startFaultProxy(() => current)] as const;
  const link = await startFaultProxy(() => heir.port);
  return {
    names,
    old,
    heir,
    link,
    async promote() {
      link.set("black-hole");
      // What was written must be there, as `FAILOVER` waits for it.
      const written = await offset(old);
      await vi.waitFor(async () => expect(await offset(heir)).toBeGreaterThanOrEqual(written), { timeout: 60_000, interval: 5 });
      await askRedis(heir.port, "REPLICAOF NO ONE");
      current = heir.port;
      await askRedis(old.port, `REPLICAOF 127.0.0.1 ${link.port}`);
    },
    async stop() {
      link.set("none");
      for (const one of [...names, link, old, heir]) await one.stop();
    },
  };
}
