import { describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { type Crowd, startCrowd } from "../../../tools/cluster/crowd.ts";
import { type Cluster, LABELS, startCluster } from "../../../tools/cluster/start-cluster.ts";
import { Visitor } from "../../../tools/cluster/visitor.ts";
import { startPostgres } from "../../../tools/services/postgres.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { startRedis } from "../../../tools/services/redis.ts";
import { askRedis } from "../../../tools/services/redis-ask.ts";
import { startRedisCluster } from "../../../tools/services/redis-cluster.ts";

// `pnpm drill apps/demo/test/portal.cluster.kill` prints the figures.
const DRILL = process.env["HOLDFAST_DRILL"] === "1";
const VISITORS = DRILL ? 150 : 24;
/** Requests that have to be answered before each kill, and again after it. */
const BETWEEN = DRILL ? 1000 : 120;

const MODES = [
  ["sticky", true],
  ["round robin", false],
] as const;

interface Stores {
  readonly url: string;
  stop(): Promise<unknown>;
}

const STORES: Readonly<Record<string, { readonly service: "redis" | "postgres"; start(program: string): Promise<Stores> }>> = {
  Redis: { service: "redis", start: startRedis },
  "Redis Cluster of three masters": {
    service: "redis",
    async start(program) {
      const cluster = await startRedisCluster(program);
      const [first, ...others] = cluster.masters.map(({ port }) => `127.0.0.1:${port}`);
      return { url: `redis+cluster://${first ?? ""}?${others.map((node) => `node=${node}`).join("&")}`, stop: cluster.stop };
    },
  },
  PostgreSQL: { service: "postgres", start: (program) => startPostgres(program) },
};

interface Near {
  readonly hits: number;
  readonly misses: number;
}

/** Of each node before it is killed: its counts go with it. */
async function nearOf({ url }: Cluster): Promise<readonly Near[]> {
  const { nodes } = (await (await fetch(`${url}/api/cluster`, { signal: AbortSignal.timeout(60_000) })).json()) as { nodes: readonly { status: { near?: Near; state: string } | null }[] };
  return nodes.flatMap(({ status }) => (status?.state === "up" && status.near ? [status.near] : []));
}

async function killEach(cluster: Cluster, crowd: Crowd): Promise<void> {
  const served = async (count: number, node?: string): Promise<void> => {
    const before = crowd.requests;
    const byNode = node === undefined ? 0 : (crowd.byNode.get(node) ?? 0);
    await until(() => crowd.requests >= before + count && (node === undefined || (crowd.byNode.get(node) ?? 0) > byNode));
  };
  await Promise.all(LABELS.map((label) => served(BETWEEN, label)));
  for (const label of LABELS) {
    await crowd.during(label, () => cluster.node(label).end("SIGKILL"));
    await served(BETWEEN);
    await cluster.node(label).start();
    // Nobody moves back: it is the new visitors who come here.
    await served(BETWEEN, label);
  }
}

const haproxy = serviceFor("haproxy", "a kill of nodes behind a balancer is");

for (const [name, { service, start }] of Object.entries(STORES)) {
  const program = serviceFor(service, "a kill of nodes that share it is");
  describe.skipIf(program === undefined || haproxy === undefined)(`three nodes on ${name}, each killed in turn [needs haproxy, ${service}]`, () => {
    // What is no drill leaves out the easier one, where nothing depends on the near cache.
    it.each(MODES.filter(([, sticky]) => DRILL || name === "Redis" || !sticky))("%s: no session and no acknowledged write is lost, and only what was under way on the dead node fails", { timeout: 300_000 }, async (mode, sticky) => {
      const store = await start(program ?? "");
      const cluster = await startCluster({ balancer: { kind: "haproxy", program: haproxy ?? "" }, store: store.url, sticky });
      const crowd = startCrowd(cluster.url, { visitors: VISITORS, stay: 60, pause: DRILL ? 100 : 20, sticky });
      try {
        await killEach(cluster, crowd);
        const near = await nearOf(cluster);
        await crowd.settle();
        const [hits, misses] = [near.reduce((sum, { hits }) => sum + hits, 0), near.reduce((sum, { misses }) => sum + misses, 0)];
        const rate = near.length === 0 ? "no near cache" : `${((100 * hits) / (hits + misses)).toFixed(0)}% of the reads from memory`;
        console.log(`${name}, ${mode}: ${crowd.requests} requests of ${VISITORS} visitors at a time, ${crowd.acknowledged} acknowledged writes; ${crowd.cut} requests cut with their node, ${crowd.errors.length} other errors; ${crowd.sessionsLost.length} sessions and ${crowd.writesLost.length} acknowledged writes lost; ${crowd.behind} reads were behind, by ${Math.round(crowd.furthestBehind)} ms at most; ${rate}`);
        // Now, as they are: what is cut off in the end is no finding.
        expect([[...crowd.errors], [...crowd.sessionsLost], [...crowd.writesLost]]).toEqual([[], [], []]);
        // A near cache may be behind for as long as its lease, and without one nothing is.
        expect(crowd.furthestBehind).toBeLessThan(name === "Redis" ? 1000 : 1);
        expect(crowd.acknowledged).toBeGreaterThan(BETWEEN / 6);
      } finally {
        await cluster.stop();
        await crowd.settle();
        await store.stop();
      }
    });
  });
}

const redis = serviceFor("redis", "what the visitors notice is");
describe.skipIf(redis === undefined || haproxy === undefined)("the visitors who count [needs haproxy, redis]", () => {
  it("notice that sessions and writes are lost where they are, and that nodes fail which nobody killed", { timeout: 120_000 }, async () => {
    const store = await startRedis(redis ?? "");
    const cluster = await startCluster({ balancer: { kind: "haproxy", program: haproxy ?? "" }, store: store.url });
    const crowd = startCrowd(cluster.url, { visitors: 8, pause: 20 });
    try {
      const { node, sentTo } = await new Visitor(cluster.url).ask("GET", "/api/cart");
      expect(LABELS).toContain(sentTo);
      expect(sentTo).toBe(node);
      await until(() => crowd.acknowledged > 20);
      await askRedis(store.port, "FLUSHALL");
      await until(() => crowd.sessionsLost.length > 0 && crowd.writesLost.length > 0);
      expect(crowd.errors).toEqual([]);
      await Promise.all(cluster.nodes.map((node) => node.end("SIGKILL")));
      await until(() => crowd.errors.length > 0);
      expect(crowd.cut).toBe(0);
    } finally {
      await cluster.stop();
      await crowd.settle();
      await store.stop();
    }
  });
});
