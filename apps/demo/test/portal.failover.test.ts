import { afterAll, describe, expect, it } from "vitest";
import { startPlannedFailover } from "../../../packages/store-redis/test/support/planned.ts";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { type FaultProxy, startFaultProxy } from "../../../tools/services/fault-proxy.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { askRedis, untilRedis } from "../../../tools/services/redis-ask.ts";
import { startRedisCluster } from "../../../tools/services/redis-cluster.ts";
import { startRedisSentinel } from "../../../tools/services/redis-sentinel.ts";
import type { Server } from "../../../tools/services/server.ts";
import { newDatabase, removeDatabases, startProgram } from "./portal-process.ts";
import { Shoppers } from "./shoppers.ts";

// `pnpm drill apps/demo/test/portal.failover` prints the figures, also without WAIT.
const DRILL = process.env["HOLDFAST_DRILL"] === "1";
const ROUNDS = DRILL ? 4 : 1;
const program = serviceFor("redis", "fail-over of the portal's store is");
/** What is on its way to a replica, in ms, one way: on loopback nothing would be, and nothing could be lost. */
const DISTANCE = 25;

afterAll(removeDatabases);

interface Plan {
  readonly name: string;
  readonly store: string;
  /** What to know of a fail-over that went wrong. */
  log?(): string;
  /** Before the machine is lost. */
  prepare?(): Promise<void>;
  victim(shoppers: Shoppers): Promise<Server>;
  /** Whatever else goes with the machine. */
  cut?(): void;
  promoted(): Promise<unknown>;
}

/** Under traffic a master is killed. What has to be so is asserted, what it cost is printed. */
async function failOver({ name, store, log, prepare, victim, cut, promoted }: Plan, waits: boolean): Promise<void> {
  const portal = await startProgram(["--store", `${store}${waits ? "&replicas=1" : ""}`], newDatabase());
  const shoppers = new Shoppers(portal.url);
  /** Sign-ins and sign-outs of which the portal said that they may be lost with the master. */
  const unmet = (): number => portal.output.join("").split("replicas have this").length - 1;
  const served = async (what: () => boolean): Promise<void> => {
    await until(() => what() || shoppers.wrong.length > 0);
    expect(shoppers.wrong).toEqual([]);
    expect(what()).toBe(true);
  };
  /** Every write has a copy again: a replica that came, or moved further away, made some wait in vain. What is before them in its stream it has, too. */
  const copied = async (): Promise<void> => {
    let [alone, before] = [-1, shoppers.answered];
    while (alone !== unmet()) {
      [alone, before] = [unmet(), shoppers.answered];
      await served(() => shoppers.answered > before + 60);
    }
  };
  try {
    await served(() => shoppers.answered > 150);
    await prepare?.();
    const more = shoppers.answered + 100;
    await served(() => shoppers.answered > more);
    expect(shoppers.refused).toBe(0);
    const machine = await victim(shoppers);
    await copied();
    const told = unmet();
    // From here to the kill nothing else happens, so no write is told to have no copy and is lost all the same.
    cut?.();
    await machine.signal("SIGKILL");
    const killed = shoppers.mark();
    await promoted();
    await shoppers.well(20);
    expect(shoppers.wrong).toEqual([]);
    const { refused, answered, lastRefused, firstAnswer = Number.NaN } = shoppers;
    await served(() => shoppers.answered > answered + 120);
    // The old master comes back as a replica, and writes have copies again.
    await machine.restart();
    await untilRedis(machine.port, "INFO replication", /role:slave[^]*master_link_status:up/);
    await copied();
    // Only in the gap.
    expect(shoppers.refused).toBe(refused);
    await shoppers.stop();
    expect(shoppers.wrong).toEqual([]);
    const known = shoppers.visits.filter((visit) => visit.told !== "unknown").length + shoppers.signedOut;
    const lost = (await shoppers.lost()) + shoppers.signedOut;
    console.log(`${name}, ${waits ? "WAIT 1" : "no WAIT"}: ${shoppers.answered} requests answered, ${refused} refused with 503 and none otherwise; answers again ${Math.round(firstAnswer - killed)} ms after the kill, the last request that was refused began after ${Math.round(lastRefused - killed)}; ${lost} of ${known} acknowledged sign-ins and sign-outs lost, ${shoppers.signedOut} people found themselves signed out, ${told} writes had no copy in time, all before those that the replica had at the kill`);
    if (waits) expect(lost).toBe(0);
  } catch (error) {
    if (log) console.error(log());
    throw error;
  } finally {
    await shoppers.stop();
    await portal.stop();
  }
}

describe.skipIf(program === undefined).each(Array.from({ length: ROUNDS }, (_, i) => i + 1))("the portal's traffic while a master is lost, round %i [needs redis]", () => {
  for (const waits of DRILL ? [true, false] : [true]) {
    const rule = waits ? "with WAIT nothing that was acknowledged is lost, and errors are 503 in the gap only" : "without WAIT errors are 503 in the gap only, and what is lost is counted";

    it(`[J04] Sentinel: ${rule}`, { timeout: 240_000 }, async () => {
      const set = await startRedisSentinel(program ?? "");
      const [first, ...others] = set.sentinels.map(({ port }) => `127.0.0.1:${port}`);
      let line: FaultProxy | undefined;
      try {
        await failOver({
          name: "Sentinel",
          store: `redis+sentinel://${first ?? ""}/${set.name}?${others.map((node) => `node=${node}`).join("&")}`,
          async prepare() {
            line = await startFaultProxy(() => set.master.port);
            line.set({ latency: DISTANCE });
            await askRedis(set.replica.port, `REPLICAOF 127.0.0.1 ${line.port}`);
            await untilRedis(set.replica.port, "INFO replication", new RegExp(`master_port:${line.port}[^]*master_link_status:up`));
          },
          log: () => set.log(),
          victim: async () => set.master,
          cut: () => line?.set("half-open"),
          promoted: () => until(async () => (await set.masterPort().catch(() => 0)) === set.replica.port),
        }, waits);
      } finally {
        await line?.stop();
        await set.stop();
      }
    });

    it(`[J04] Cluster: ${rule}`, { timeout: 240_000 }, async () => {
      const cluster = await startRedisCluster(program ?? "", { replicas: true });
      const [first, ...others] = [...cluster.masters, ...cluster.replicas].map(({ port }) => `127.0.0.1:${port}`);
      let heir: Server | undefined;
      try {
        await failOver({
          name: "Cluster",
          store: `redis+cluster://${first ?? ""}?${others.map((node) => `node=${node}`).join("&")}`,
          async victim({ visits }) {
            // Where one of the two people has all her sessions.
            const slot = /^:(\d+)/.exec(await askRedis(cluster.masters[0]?.port ?? 0, `CLUSTER KEYSLOT hf:{${visits[0]?.id.slice(0, 12) ?? ""}}`))?.[1];
            const master = cluster.masterOf(Number(slot));
            heir = cluster.replicas[cluster.masters.indexOf(master)];
            return master;
          },
          promoted: () => untilRedis(heir?.port ?? 0, "INFO replication", /role:master/),
        }, waits);
      } finally {
        await cluster.stop();
      }
    });
  }
});

it.skipIf(program === undefined)("[J04] the portal leaves a master that became a replica under its living connection: 503 until then, and nothing else [needs redis]", { timeout: 120_000 }, async () => {
  const pair = await startPlannedFailover(program ?? "");
  const portal = await startProgram(["--store", `redis://127.0.0.1:${pair.names[0].port}`], newDatabase());
  const shoppers = new Shoppers(portal.url);
  try {
    await until(() => shoppers.answered > 50 || shoppers.wrong.length > 0);
    await pair.promote();
    await until(() => shoppers.refused > 0 || shoppers.wrong.length > 0);
    await shoppers.well(20);
    expect(shoppers.wrong).toEqual([]);
  } finally {
    await shoppers.stop();
    await portal.stop();
    await pair.stop();
  }
});
