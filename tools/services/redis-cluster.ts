import { freePort } from "../lib/free-port.ts";
import { startRedis } from "./redis.ts";
import { askRedis, untilRedis } from "./redis-ask.ts";
import type { Server } from "./server.ts";

const SLOTS = 16_384;

export interface RedisCluster {
  readonly masters: readonly Server[];
  /** One for each master, in the same order, or none. */
  readonly replicas: readonly Server[];
  /** The master of a slot when the cluster was made. */
  masterOf(slot: number): Server;
  stop(): Promise<void>;
}

/** Three masters, with a replica each where asked for; ready when all agree on who has which slot. */
export async function startRedisCluster(program: string, { replicas: withReplicas = false, args = [] as readonly string[] } = {}): Promise<RedisCluster> {
  const start = async (): Promise<Server & { readonly bus: number }> => {
    const bus = await freePort();
    // Without replicas nobody takes over: a node that is slow for a while shall be no reason to close all of them.
    const own = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", withReplicas ? "2000" : "15000", "--cluster-port", String(bus), "--repl-diskless-sync-delay", "0"];
    const server = await startRedis(program, { args: [...own, ...args] });
    return Object.defineProperties({ bus } as Server & { readonly bus: number }, Object.getOwnPropertyDescriptors(server));
  };
  const nodes: (Server & { readonly bus: number })[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    for (let i = 0; i < (withReplicas ? 6 : 3); i++) nodes.push(await start());
    const [first, ...others] = nodes;
    if (first === undefined) throw new Error("no node");
    const masters = nodes.slice(0, 3);
    const replicas = nodes.slice(3);
    const from = (i: number): number => Math.ceil((SLOTS * i) / 3);
    for (const [i, { port }] of masters.entries()) {
      await askRedis(port, `CLUSTER ADDSLOTSRANGE ${from(i)} ${from(i + 1) - 1}`);
      await askRedis(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    }
    for (const { port, bus } of others) await askRedis(first.port, `CLUSTER MEET 127.0.0.1 ${port} ${bus}`);
    for (const { port } of nodes) await untilRedis(port, "CLUSTER INFO", new RegExp(`cluster_known_nodes:${nodes.length}\\b`));
    for (const [i, { port }] of replicas.entries()) {
      const id = /[0-9a-f]{40}/.exec(await askRedis(masters[i]?.port ?? 0, "CLUSTER MYID"))?.[0] ?? "";
      await untilRedis(port, `CLUSTER REPLICATE ${id}`, /^\+OK/);
      await untilRedis(port, "INFO replication", /master_link_status:up/);
    }
    for (const { port } of nodes) await untilRedis(port, "CLUSTER INFO", /cluster_state:ok[^]*cluster_slots_assigned:16384/);
    // Clients learn the replicas from here.
    for (const { port } of nodes) await untilRedis(port, "CLUSTER NODES", new RegExp(`^(?:(?!slave)[^])*(?:slave(?:(?!slave)[^])*){${replicas.length}}$`));
    return { masters, replicas, masterOf: (slot) => masters[[1, 2].filter((i) => slot >= from(i)).length] ?? first, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
