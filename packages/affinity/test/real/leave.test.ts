import { defineAffinity } from "@holdfast/affinity";
import { describe, expect, it } from "vitest";
import { freePort } from "../../../../tools/lib/free-port.ts";
import { createClient } from "../support/client.ts";
import { ENGINES, needOf, programOf, startEngine } from "../support/engines.ts";
import { createFleet } from "../support/fleet.ts";

// The balancers that take 404 for "no new clients": the others move everybody at once, or have to be told.
for (const engine of ENGINES.filter(({ kind }) => kind === "haproxy")) {
  const program = programOf(engine, "a node that leaves is") ?? "";

  describe.skipIf(program === "")(`${engine.name}, and a node that leaves ${needOf(engine)}`, () => {
    it("no request of a client that lets go of its cookie fails while it drains, closes its server and ends, and one at most of a client that does not", { timeout: 60_000 }, async () => {
      const nodes = await Promise.all(["a", "b"].map(async (label) => ({ label, address: `127.0.0.1:${await freePort()}` })));
      const affinity = defineAffinity({ nodes, health: { interval: 500, timeout: 500 }, drain: { grace: 10_000 } });
      const fleet = createFleet(affinity);
      await Promise.all(nodes.map(({ label }) => fleet.start(label)));
      const balancer = await startEngine(engine, program, affinity);
      try {
        // One that keeps its cookie whatever it is told comes to the node that leaves until its server is closed.
        let kept: string | undefined;
        for (let number = 0; kept === undefined; number += 1) {
          const response = await fetch(balancer.url);
          await response.text();
          if (response.headers.get("x-node") === "b") kept = response.headers.getSetCookie().find((line) => line.startsWith(affinity.cookie.name))?.split(";")[0];
        }
        let over = false;
        const failed: string[] = [];
        const clients = Array.from({ length: 12 }, (_, number) => createClient(balancer.url, number));
        const obeys = clients.map(async (client) => {
          while (!over) await client.ask().then(({ status }) => void (status === 200 || failed.push(`${status}`)), (error: unknown) => void failed.push(String(error)));
        });
        // What a server has not accepted when it closes is reset: one request of each of those who do as they like.
        const insists = Array.from({ length: 8 }, async (_, number) => {
          const client = createClient(balancer.url, 100 + number, { cookies: false, headers: { cookie: kept ?? "" } });
          let cut = 0;
          let node: string | undefined = "b";
          while (!over || node === "b") {
            await client.ask().then((sight) => {
              node = sight.node ?? node;
              if (sight.status === 502) cut += 1;
              else if (sight.status !== 200) failed.push(`${sight.status} of one that kept its cookie`);
            }, () => void (cut += 1));
          }
          return { node, cutOnceAtMost: cut <= 1 };
        });
        await fleet.leave("b");
        over = true;
        await Promise.all(obeys);
        for (const told of await Promise.all(insists)) expect(told).toEqual({ node: "a", cutOnceAtMost: true });
        expect(failed).toEqual([]);
      } finally {
        await balancer.stop();
        await fleet.stop();
      }
    });
  });
}
