import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { LABELS, startCluster } from "../../../tools/cluster/start-cluster.ts";
import { Visitor } from "../../../tools/cluster/visitor.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { startRedis } from "../../../tools/services/redis.ts";
import { askRedis } from "../../../tools/services/redis-ask.ts";
import type { ClusterReport } from "../src/server/cluster/report.ts";
import { newDatabase, removeDatabases, runToEnd } from "./portal-process.ts";

const redis = serviceFor("redis", "the portal on three nodes is");

for (const kind of ["haproxy", "nginx"] as const) {
  const program = serviceFor(kind, "the portal on three nodes is");
  describe.skipIf(redis === undefined || program === undefined)(`the portal on three nodes behind ${kind} [needs redis, ${kind}]`, () => {
    it("keeps a cart while the node that answered is killed and while another one leaves, and has both back", { timeout: 240_000 }, async () => {
      const store = await startRedis(redis ?? "");
      const cluster = await startCluster({ balancer: { kind, program: program ?? "" }, store: store.url });
      try {
        const visitor = new Visitor(cluster.url, { keepAlive: false });
        const statuses: (number | undefined)[] = [];
        const ask = async (method: string, path: string, body?: unknown): Promise<{ node: string; body: unknown }> => {
          const { status, node = "", body: said } = await visitor.ask(method, path, body);
          statuses.push(status);
          return { node, body: said };
        };
        const put = async (item: string): Promise<string> => {
          const { node, body } = await ask("POST", "/api/cart", { item });
          expect((body as { items: string[] }).items.at(-1)).toBe(item);
          return node;
        };
        const report = async (): Promise<ClusterReport> => (await new Visitor(cluster.url, { keepAlive: false }).ask("GET", "/api/cluster")).body as ClusterReport;
        const stateOf = async (label: string): Promise<string | undefined> => (await report()).nodes.find((one) => one.label === label)?.status?.state;

        const first = await put("manila-line");
        expect(LABELS).toContain(first);
        // Sticky: the same one again, from its memory.
        for (const item of ["bow-shackle", "storm-lantern"]) expect(await put(item)).toBe(first);
        for (let i = 0; i < 3; i++) expect((await ask("GET", "/api/cart")).node).toBe(first);
        // It tells the others how it is once a second.
        const near = async (): Promise<number> => (await report()).nodes.find(({ label }) => label === first)?.status?.near?.hits ?? 0;
        await until(async () => (await near()) > 0);

        const { pid } = cluster.node(first);
        await cluster.node(first).end("SIGKILL");
        const second = await put("enamel-mug");
        expect(second).not.toBe(first);
        expect((await ask("GET", "/api/cart")).body).toEqual({ items: ["manila-line", "bow-shackle", "storm-lantern", "enamel-mug"] });
        await until(async () => (await stateOf(first)) === "gone");
        await cluster.node(first).start();
        expect(cluster.node(first).pid).not.toBe(pid);
        await until(async () => (await stateOf(first)) === "up");

        // Somebody who keeps the cookie of that node, whatever it is told.
        let kept = "";
        await until(async () => {
          const response = await fetch(`${cluster.url}/api/cart`, { headers: { connection: "close" } });
          kept = response.headers.getSetCookie().find((line) => line.startsWith("__Host-hf_node="))?.split(";")[0] ?? "";
          return response.headers.get("x-node") === second && kept !== "";
        });
        const keeps = async (): Promise<string | null> => {
          const { status, headers } = await fetch(`${cluster.url}/api/cart`, { headers: { cookie: kept, connection: "close" } });
          statuses.push(status);
          return headers.get("x-node");
        };
        expect(await keeps()).toBe(second);

        // `kill PID`: it leaves, and takes nobody with it.
        let over = false;
        const leaving = cluster.node(second).end("SIGTERM").then(() => (over = true));
        /** Who answered, and what the nodes said of it after that. */
        const answered: { readonly node: string; readonly state: string | undefined }[] = [];
        await until(async () => {
          const { node } = await ask("GET", "/api/cart");
          const state = await stateOf(second);
          answered.push({ node, state: over ? "over" : state });
          await keeps();
          return over;
        });
        await leaving;
        expect(await keeps()).not.toBe(second);
        const third = await put("cork-float");
        expect(third).not.toBe(second);
        // Its clients were sent away while it was still there to answer, and did not come back.
        const away = answered.slice(answered.findIndex(({ node }) => node !== second));
        expect(away.map(({ state }) => state)).toContain("leaving");
        expect(away.map(({ node }) => node)).not.toContain(second);
        expect((await ask("GET", "/api/cart")).body).toEqual({ items: ["manila-line", "bow-shackle", "storm-lantern", "enamel-mug", "cork-float"] });
        await cluster.node(second).start();
        await until(async () => {
          const stranger = await new Visitor(cluster.url, { keepAlive: false }).ask("GET", "/api/cart");
          return stranger.node === second;
        });
        expect(new Set(statuses)).toEqual(new Set([200]));
      } finally {
        await cluster.stop();
        await store.stop();
      }
    });

    it("starts a node that left again, also where that fails at first, says its pid, and sends it clients", { timeout: 240_000 }, async () => {
      const store = await startRedis(redis ?? "");
      const said: string[] = [];
      let leaves = (): void => undefined;
      const left = new Promise<void>((resolve) => (leaves = resolve));
      const say = (line: string): void => {
        said.push(line);
        if (line.startsWith("b is gone")) leaves();
      };
      const cluster = await startCluster({ balancer: { kind, program: program ?? "" }, store: store.url, back: 1000, say });
      const squatter = createServer((socket) => socket.destroy());
      try {
        const node = cluster.node("b");
        const before = node.pid;
        await node.end("SIGTERM");
        await left;
        squatter.listen(node.port, "127.0.0.1");
        await once(squatter, "listening");
        await until(() => said.some((line) => line.includes("node b did not start")));
        await new Promise((resolve) => squatter.close(resolve));
        await until(() => said.filter((line) => line.startsWith("b is up")).length === 2);
        expect(node.pid).not.toBe(before);
        expect(said.findLast((line) => line.startsWith("b is up"))).toBe(`b is up, pid ${node.pid ?? "none"}`);
        await until(async () => (await new Visitor(cluster.url, { keepAlive: false }).ask("GET", "/api/cart")).node === "b");
      } finally {
        squatter.close();
        await cluster.stop();
        await store.stop();
      }
    });
  });
}

describe("a portal that is one of several", () => {
  const haproxy = serviceFor("haproxy", "a node in production is");
  it.skipIf(redis === undefined || haproxy === undefined)("tells nobody of its processes and its counts in production [needs redis, haproxy]", { timeout: 120_000 }, async () => {
    const store = await startRedis(redis ?? "");
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    const starting = startCluster({ balancer: { kind: "haproxy", program: haproxy ?? "" }, store: store.url });
    const cluster = await starting.finally(() => (process.env["NODE_ENV"] = before));
    try {
      const visitor = new Visitor(cluster.url, { keepAlive: false });
      expect((await visitor.ask("POST", "/api/cart", { item: "manila-line" })).status).toBe(200);
      const asked = await Promise.all(["/api/cluster", "/cluster"].map((path) => visitor.ask("GET", path)));
      expect(asked.map(({ status }) => status)).toEqual([404, 404]);
      expect((await visitor.ask("GET", "/")).body).not.toContain("clustered");
      expect(await askRedis(store.port, "TTL holdfast-demo:nodes")).toMatch(/^:[1-9]\d*/);
    } finally {
      await cluster.stop();
      await store.stop();
    }
  });

  it("says what is wrong with its options", async () => {
    try {
      const wrong: readonly (readonly [args: readonly string[], why: RegExp])[] = [
        [["--node", "a"], /--affinity and --node go together/],
        [["--balancer", "nginx"], /--balancer goes with/],
        [["--affinity", "x.json", "--node", "a", "--balancer", "f5"], /must be haproxy or nginx/],
        [["--affinity", "x.json", "--node", "a"], /needs a --store that nodes can share/],
        [["--affinity", "x.json", "--node", "a", "--store", "redis://localhost", "--sealed"], /no --sealed/],
      ];
      for (const [args, why] of wrong) {
        const { code, output } = await runToEnd([...args, "--file", newDatabase()]);
        expect([code, output]).toEqual([2, expect.stringMatching(why)]);
      }
    } finally {
      removeDatabases();
    }
  });
});
