import { type Affinity, defineAffinity } from "@holdfast/affinity";
import { describe, expect, it } from "vitest";
import { freePort } from "../../../../tools/lib/free-port.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { type Client, createClient } from "../support/client.ts";
import { type Engine, ENGINES, needOf, programOf, startEngine } from "../support/engines.ts";
import { createFleet, type Fleet } from "../support/fleet.ts";
import type { Running } from "../support/scenario.ts";

interface Two {
  readonly balancer: Running;
  readonly fleet: Fleet;
  /** With a cookie for b that it keeps, whatever it is told: no browser does that. */
  keeper(number: number): Client;
  /** What the balancer has to be told beyond what it asks itself: that b leaves, or that there is no b. */
  tell(what: "leaves" | "gone"): Promise<void>;
}

/** Nodes a and b behind a balancer, and somebody whom it sent to b. To notice it gets a quarter of the grace: of 10 s that is a second more than it takes, for machines that are late. */
async function withTwo(engine: Engine, program: string, grace: number, work: (two: Two) => Promise<void>): Promise<void> {
  const nodes = await Promise.all(["a", "b"].map(async (label) => ({ label, address: `127.0.0.1:${await freePort()}`, draining: false })));
  const described = (some: typeof nodes): Affinity => defineAffinity({ nodes: some, health: { interval: 500, timeout: 500 }, drain: { grace, notice: grace / 4 } });
  const affinity = described(nodes);
  const fleet = createFleet(affinity);
  await Promise.all(nodes.map(({ label }) => fleet.start(label)));
  const balancer = await startEngine(engine, program, affinity);
  try {
    let kept: string | undefined;
    let number = 0;
    // A balancer that found b late looks for it again in its own time, while a fast machine asks a thousand times.
    await until(async () => {
      const { node, setCookies } = await createClient(balancer.url, number++).ask();
      if (node === "b") kept = setCookies.find((line) => line.startsWith(affinity.cookie.name))?.split(";")[0];
      return kept !== undefined;
    });
    await work({
      balancer,
      fleet,
      keeper: (number) => createClient(balancer.url, number, { cookies: false, headers: { cookie: kept ?? "" } }),
      tell: async (what) => (engine.kind === "nginx" ? balancer.apply(described(what === "gone" ? nodes.slice(0, 1) : nodes.map((node) => ({ ...node, draining: node.label === "b" })))) : undefined),
    });
  } finally {
    await balancer.stop();
    await fleet.stop();
  }
}

for (const engine of ENGINES) {
  const program = programOf(engine, "a node that leaves is") ?? "";

  describe.skipIf(program === "")(`${engine.name}, and a node that leaves ${needOf(engine)}`, () => {
    it.each([
      ["no request fails while it drains, closes its server and ends, neither of clients that let go of their cookie nor of clients that keep it", true],
      // Only what asks no health path has to be told so.
      ...(engine.kind === "nginx" ? [["no request of clients that let go fails either where it stays in the file, and one POST at most of each that keeps its cookie", false] as const] : []),
    ] as const)("%s", { timeout: 120_000 }, (_, takenOut) =>
      withTwo(engine, program, 10_000, async ({ balancer, fleet, keeper, tell }) => {
        const failed: string[] = [];
        /** What was answered, by client. */
        const turns: number[] = [];
        /** What was under way is answered. */
        const overtaken = async (): Promise<void> => {
          const before = [...turns];
          await until(() => turns.every((count, own) => count > (before[own] ?? 0)));
        };
        let over = false;
        let closing = false;
        /** Since its server was told to close. */
        const cut: string[] = [];
        const traffic = async (client: Client, what: string, method = "GET"): Promise<string | undefined> => {
          let node: string | undefined;
          const own = turns.push(0) - 1;
          // Once more after the end, so that everybody has seen what is left.
          for (let last = false; !last; turns[own] = (turns[own] ?? 0) + 1) {
            last = over;
            const { status, ...sight } = await client.ask({ method }).catch((error: unknown) => ({ status: String(error), node: undefined }));
            // NGINX sends those to a node in its file until it finds nobody there. A POST that it has sent already it repeats on no other node.
            if (status !== 200) (closing && !takenOut && what !== "lets go" && method === "POST" && status === 502 ? cut : failed).push(`${method} of one that ${what}: ${status}`);
            node = sight.node;
          }
          return node;
        };
        const many = <Result>(count: number, one: (number: number) => Result): Result[] => Array.from({ length: count }, (_, number) => one(number));
        const obeying = many(12, (number) => traffic(createClient(balancer.url, number), "lets go", number % 2 ? "POST" : "GET"));
        const keeping = many(16, (number) => traffic(keeper(100 + number), `keeps (${number})`, number % 2 ? "POST" : "GET"));
        await tell("leaves");
        let late: (string | undefined)[] = [];
        const { outcome } = await fleet.leave("b", {
          drained: async () => {
            if (takenOut) await tell("gone");
            // NGINX finishes by its old file what came before the new one, maybe on b.
            await overtaken();
            late = await Promise.all(many(8, async (number) => (await keeper(300 + number).ask()).node));
          },
          closing: () => void (closing = true),
        });
        over = true;
        // Before it closes its server: who asks whether it is well sends nobody there any more.
        expect(new Set(late)).toEqual(new Set([takenOut ? "a" : "b"]));
        expect(new Set(await Promise.all([...obeying, ...keeping]))).toEqual(new Set(["a"]));
        expect([outcome, failed]).toEqual(["empty", []]);
        expect(cut).toEqual([...new Set(cut)]);
        expect(Math.min(...turns)).toBeGreaterThan(3);
      }));

    it.runIf(engine.kind === "nginx")("one that is marked as leaving and dies: who keeps its cookie is answered by the only other one", () =>
      withTwo(engine, program, 10_000, async ({ fleet, keeper, tell }) => {
        await tell("leaves");
        await fleet.kill("b");
        for (const method of ["GET", "POST"]) expect(await keeper(1).ask({ method })).toMatchObject({ status: 200, node: "a" });
      }));

    // What is still under way when the grace is over is finished, if the server is closed; only ending cuts it off.
    it.each([
      ["closes its server before it ends finishes what takes longer than its grace", true, 200],
      ["ends without closing its server cuts it off", false, 502],
    ])("one that %s", { timeout: 120_000 }, (_, closes, status) =>
      withTwo(engine, program, 3000, async ({ fleet, keeper, tell }) => {
        const holds = fleet.holds("b");
        const held = keeper(1).ask({ method: "POST", path: "/held" });
        await holds;
        await tell("leaves");
        const left = await fleet.leave("b", { closes, closing: () => void (closes && fleet.release("b")) });
        expect(left).toEqual({ outcome: "late", inFlight: 1 });
        expect((await held).status).toBe(status);
      }));
  });
}
