import { once } from "node:events";
import { defineAffinity } from "@holdfast/affinity";
import { createDrain } from "@holdfast/affinity/drain";
import { serve } from "@hono/node-server";
import { describe, expect, it } from "vitest";
import { freePort } from "../../../../tools/lib/free-port.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { createClient } from "../support/client.ts";
import { ENGINES, needOf, programOf, startEngine } from "../support/engines.ts";

for (const engine of ENGINES) {
  const program = programOf(engine, "a node that is served as the README does is") ?? "";
  const asks = engine.kind !== "nginx";

  describe.skipIf(program === "")(`${engine.name} before nodes that are served as the README does ${needOf(engine)}`, () => {
    it(`sends clients to them${asks ? " when their health was asked for, and takes 404 and 503 for what they say" : ""}`, async () => {
      const nodes = await Promise.all(["a", "b"].map(async (label) => ({ label, address: `127.0.0.1:${await freePort()}` })));
      const affinity = defineAffinity({ nodes, health: { interval: 500, timeout: 500 }, drain: { notice: 0, grace: 10_000 } });
      let failing = (): void => undefined;
      const standing = new Promise<void>((resolve) => (failing = resolve));
      const served = await Promise.all(
        affinity.nodes.map(async ({ label, port }) => {
          const drain = createDrain(affinity, { clock: { now: Date.now, wait: () => standing } });
          const fetch = (request: Request): Promise<Response> => drain.handle(request, () => new Response(label, { headers: { "x-node": label } }));
          // Without a hostname: the server refuses a request without Host then, before the application sees it.
          const server = serve({ fetch, port });
          let looks = 0;
          server.on("request", ({ url }: { readonly url?: string }) => void (looks += url === affinity.health.path ? 1 : 0));
          await once(server, "listening");
          return { drain, server, looks: () => looks };
        }),
      );
      const balancer = await startEngine(engine, program, affinity);
      /** The last one but one is answered and judged when another one comes. */
      const noticed = async (): Promise<void> => {
        const before = served.map(({ looks }) => looks());
        if (asks) await until(() => served.every(({ looks }, index) => looks() > (before[index] ?? 0) + affinity.health.fall + 1));
      };
      let strangers = 0;
      const ask = async (count: number): Promise<readonly (readonly [status: number, node: string | undefined])[]> =>
        Promise.all(Array.from({ length: count }, async () => createClient(balancer.url, (strangers += 1)).ask().then(({ status, node }) => [status, node] as const)));
      try {
        await noticed();
        // Caddy 2.6 sends each by chance: that all of forty meet one node happens less than once in 10^11 runs.
        const first = await ask(40);
        expect(new Set(first.map(([status]) => status))).toEqual(new Set([200]));
        expect(new Set(first.map(([, node]) => node))).toEqual(new Set(["a", "b"]));
        if (!asks) return;
        // Somebody who keeps the cookie of b, whatever it is told.
        let kept = "";
        await until(async () => {
          const { node, setCookies } = await createClient(balancer.url, (strangers += 1)).ask();
          kept = setCookies.find((line) => line.startsWith(affinity.cookie.name))?.split(";")[0] ?? "";
          return node === "b";
        });
        const keeper = createClient(balancer.url, 1000, { cookies: false, headers: { cookie: kept } });
        const b = served[1]?.drain;
        const end = b?.begin();
        const left = b?.drain();
        expect(b?.healthStatus).toBe(404);
        await noticed();
        expect(new Set((await ask(8)).map(String))).toEqual(new Set(["200,a"]));
        expect(await keeper.ask()).toMatchObject({ status: 200, node: engine.kind === "haproxy" ? "b" : "a" });
        end?.();
        failing();
        await left;
        expect(b?.healthStatus).toBe(503);
        await noticed();
        expect(await keeper.ask()).toMatchObject({ status: 200, node: "a" });
      } finally {
        await balancer.stop();
        for (const { server } of served) {
          server.close();
          if ("closeAllConnections" in server) server.closeAllConnections();
        }
      }
    });
  });
}
