import { describe, expect, it } from "vitest";
import { ENGINES, needOf, programOf, startEngine } from "../support/engines.ts";
import { report } from "../support/findings.ts";
import { CLIENTS, isDrill, runScenario } from "../support/scenario.ts";

/** What stands in the cookie, and nothing else: a label of ours, or an HMAC of 256 bits. */
const VALUE = { haproxy: /^__Host-hf_node=[abc]\|[\w+/]+\|[\w+/]+;/, nginx: /^__Host-hf_node=[abc];/, caddy: /^__Host-hf_node=[0-9a-f]{64};/ };

/** Caddy opens its port anew when it reads its file, and what the old socket has not accepted is reset: some of sixteen at once. */
const resetsOf = (kind: string): number => (kind === "caddy" ? CLIENTS : 0);

for (const engine of ENGINES) {
  const { kind, name, service } = engine;
  const program = programOf(engine, "sticky traffic is") ?? "";

  describe.skipIf(program === "")(`${name} under traffic ${needOf(engine)}`, () => {
    it("by cookie: every client stays where it is through a death, a return and a new node, a drained node is empty after one round, and nobody sees an error", { timeout: 300_000 }, async () => {
      const found = await runScenario({ options: {}, start: (affinity) => startEngine(engine, program, affinity), drainByConfiguration: kind === "nginx" });
      report(`${name}, cookie`, found);
      expect(found).toMatchObject({ errors: 0, steadyMoved: 0, victimsMoved: found.victims, victimsMovedOn: 0, bystandersMoved: 0, backMoved: 0, addMoved: 0, newOnDrained: 0, drained: { outcome: "empty" } });
      expect(found.reset).toBeLessThanOrEqual(resetsOf(kind));
      expect(found.victims).toBeGreaterThan(0);
      expect(found.onDrained[0]).toBeGreaterThan(0);
      expect(found.onDrained.slice(1)).toEqual([0, 0]);
      expect(found.cookie).toMatch(VALUE[kind]);
      const attributes = found.cookie?.split(/; */).slice(1).map((attribute) => attribute.toLowerCase());
      expect(attributes?.toSorted()).toEqual(["httponly", "path=/", "samesite=lax", "secure"]);
    });

    // A hash remembers nothing: clients of the dead node move back, and some move when a node joins. All that is promised is that nobody else moves.
    // The newer version of each only in a drill: these keys give it the same text.
    const hashes = isDrill || !service.startsWith("new") ? ([["address", "ip"], ["header", { header: "X-Session-ID" }]] as const) : [];
    it.each(hashes)("by %s: only clients of the dead node move, and nobody sees an error", { timeout: 300_000 }, async (word, key) => {
      const client = (number: number): object => (word === "header" ? { headers: { "X-Session-ID": `session-${number * 7919}` }, address: "127.0.0.1" } : {});
      const found = await runScenario({ options: { key }, client, start: (affinity) => startEngine(engine, program, affinity), drainByConfiguration: kind === "nginx" });
      report(`${name}, ${word}`, found);
      expect(found).toMatchObject({ errors: 0, steadyMoved: 0, victimsMoved: found.victims, bystandersMoved: 0, newOnDrained: 0, cookie: undefined, drained: { outcome: "empty" } });
      expect(found.reset).toBeLessThanOrEqual(resetsOf(kind));
      expect(found.victims).toBeGreaterThan(0);
      expect(found.onDrained[0]).toBeGreaterThan(0);
      expect(found.onDrained.slice(1)).toEqual([0, 0]);
      expect(found.backMoved).toBe(found.victims);
      // Caddy 2.6 spreads them badly, and so moves more, by the addresses of the nodes.
      expect(found.addMoved).toBeLessThan(found.clients / (service === "caddy" ? 1.25 : 2));
    });
  });
}
