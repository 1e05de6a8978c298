import { type Affinity, type AffinityOptions, defineAffinity } from "@holdfast/affinity";
import { createMonitor, memoryExchange, type Monitor, type MonitorOptions, type NodeWindow, reportMonitor, type Verdict } from "@holdfast/affinity/monitor";
import { metrics } from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { chiSquareTail } from "../src/lib/monitor/chi-square.ts";

const WINDOW = 60_000;
const START = 1_800_000_000_000;
const LABELS = ["a", "b", "c"];
const sticky = (options: Partial<AffinityOptions> = {}): Affinity => defineAffinity({ nodes: LABELS.map((label, index) => ({ label, address: `10.0.0.${index + 1}:80` })), ...options });
const config = (option: string): unknown => expect.objectContaining({ code: "config", option });

/** The same numbers for the same seed (mulberry32). */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** A cluster of monitors with one exchange and one clock. */
const cluster = (affinity: Affinity = sticky(), options: Partial<MonitorOptions> = {}) => {
  let now = START;
  const clock = { now: () => now, wait: async () => undefined };
  const exchange = memoryExchange();
  const monitors = affinity.nodes.map(({ label }) => createMonitor(affinity, { node: label, exchange, clock, window: WINDOW, ...options }));
  const of = (label: string): Monitor => {
    const found = monitors[affinity.nodes.findIndex((node) => node.label === label)];
    if (found === undefined) throw new Error(label);
    return found;
  };
  return {
    of,
    monitors,
    exchange,
    pass: (ms: number) => void (now += ms),
    /** The next window begins; everybody tells, then judges. */
    async next(): Promise<Verdict | undefined> {
      now += WINDOW;
      for (const monitor of monitors) await monitor.tick();
      return of("a").verdict;
    },
  };
};

/** One window: new clients, sent by weights, each with as many requests as heavy tails have it. */
const traffic = (rng: () => number, of: (label: string) => Monitor, clients: number, weights: readonly number[], name: number): number[] => {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const requests = weights.map(() => 0);
  for (let client = 0; client < clients; client += 1) {
    let at = rng() * all;
    const index = Math.max(0, weights.findIndex((weight) => (at -= weight) < 0));
    const label = LABELS[index] ?? "a";
    // Pareto with a tail index of 1.2, cut at 200.
    const count = Math.min(200, Math.ceil((1 - rng()) ** (-1 / 1.2)));
    requests[index] = (requests[index] ?? 0) + count;
    const monitor = of(label);
    for (let request = 0; request < count; request += 1) monitor.observe({ session: `${name}-${client}`, label: request === 0 ? null : label });
  }
  return requests;
};

describe("the chi-square distribution", () => {
  it.each([
    [3.841458820694124, 1, 0.05],
    [10.827566170662733, 1, 0.001],
    [13.815510557964274, 2, 0.001],
    [16.26623619623813, 3, 0.001],
    [27.877164871256575, 9, 0.001],
    [0.10258658877510107, 2, 0.95],
    [124.34211340400407, 100, 0.05],
    [0, 5, 1],
  ])("%f with %i degrees of freedom has a tail of %f", (value, degrees, tail) => {
    expect(chiSquareTail(value, degrees)).toBeCloseTo(tail, 9);
  });
});

describe("the monitor of the spread", () => {
  it("raises at most one false alarm in a thousand over 4,000 fair windows of heavy-tailed use, where a check on requests cries in a third of them", { timeout: 120_000 }, async () => {
    const rng = random(20261122);
    const { of, next, monitors } = cluster();
    const verdicts: Verdict[] = [];
    let alarms = 0;
    let criedWolf = 0;
    await next();
    for (let window = 0; window < 4000; window += 1) {
      const requests = traffic(rng, of, 150, [1, 1, 1], window);
      if ((Math.max(...requests) * 3) / requests.reduce((sum, count) => sum + count, 0) > 1.25) criedWolf += 1;
      const verdict = await next();
      if (verdict !== undefined) verdicts.push(verdict);
      if (monitors[0]?.alarm) alarms += 1;
    }
    const uneven = verdicts.filter(({ state }) => state === "uneven").length;
    console.log(`4,000 fair windows: ${uneven} uneven (${(uneven / 40).toFixed(3)}%), ${alarms} with an alarm; requests beyond 1.25 of the mean in ${criedWolf}`);
    expect(verdicts.filter(({ state }) => state === "even" || state === "uneven").length).toBeGreaterThan(3990);
    expect(alarms).toBeLessThanOrEqual(4);
    // One in a thousand is what the significance means. The seed has 2.
    expect(uneven).toBeLessThanOrEqual(4);
    expect(criedWolf).toBeGreaterThan(4000 / 3);
  });

  it("catches a node with twice the load every time, within patience and one window", { timeout: 120_000 }, async () => {
    const caught: number[] = [];
    for (let seed = 1; seed <= 200; seed += 1) {
      const rng = random(seed);
      const { of, next } = cluster();
      await next();
      let windows = 0;
      while (!of("b").alarm && windows < 10) {
        traffic(rng, of, 600, [2, 1, 1], windows);
        await next();
        windows += 1;
      }
      caught.push(of("b").alarm ? windows : Number.POSITIVE_INFINITY);
      expect(of("b").recommendation).toMatch(/weights/);
    }
    console.log(`twice the load: an alarm in ${caught.filter(Number.isFinite).length} of 200 runs, after ${Math.min(...caught)} to ${Math.max(...caught)} windows`);
    expect(Math.max(...caught)).toBeLessThanOrEqual(6);
  });

  it("what the weights ask for is no fault", async () => {
    const { of, next } = cluster(sticky({ nodes: LABELS.map((label, index) => ({ label, address: `10.0.0.${index + 1}:80`, weight: label === "a" ? 2 : 1 })) }));
    await next();
    for (let window = 0; window < 20; window += 1) {
      traffic(random(window), of, 600, [2, 1, 1], window);
      await next();
    }
    expect(of("a")).toMatchObject({ alarm: false, recommendation: undefined, verdict: { state: "even" } });
  });

  it("counts requests, distinct sessions, new clients and misroutes of a window", async () => {
    const { of, next } = cluster();
    await next();
    const a = of("a");
    a.observe({ session: "1", label: null });
    a.observe({ session: "1", label: "a" });
    a.observe({ session: "2", label: "b" }); // came here, though its cookie names b
    a.observe({ session: "3", label: "z" }); // nobody's label: no misroute
    await next();
    expect(a.counts).toMatchObject({ node: "a", requests: 4, sessions: 3, assigned: 1, misrouted: 1, warming: false });
  });

  it("where the balancer hides its cookie, who was not here for the idle time is new; a node that just started does not know yet", async () => {
    const { of, next, pass } = cluster(sticky({ duration: { idle: 2 * WINDOW } }));
    const a = of("a");
    await next();
    a.observe({ session: "1" });
    await next();
    expect(a.counts).toMatchObject({ assigned: 1, warming: true });
    a.observe({ session: "1" });
    await next();
    expect(a.counts).toMatchObject({ assigned: 0, warming: false });
    pass(2 * WINDOW);
    a.observe({ session: "1" });
    await next();
    expect(a.counts).toMatchObject({ assigned: 1, warming: false });
  });

  it("more than one request in twenty at another node than its cookie names is an alarm; a draining node's clients are not", async () => {
    for (const [draining, alarm] of [[false, true], [true, false]] as const) {
      const { of, next } = cluster(sticky({ nodes: LABELS.map((label, index) => ({ label, address: `10.0.0.${index + 1}:80`, draining: draining && label === "b" })) }));
      await next();
      for (let window = 0; window < 4; window += 1) {
        for (let request = 0; request < 1000; request += 1) of("a").observe({ session: `${request}`, label: request % 15 === 0 ? "b" : "a" });
        await next();
      }
      expect([draining, of("c").alarm]).toEqual([draining, alarm]);
      if (alarm) expect(of("c").recommendation).toMatch(/another node/);
    }
  });

  it("says nothing where there is nothing to say: too few clients, a node that did not tell", async () => {
    const { of, next, exchange } = cluster();
    await next();
    traffic(random(1), of, 12, [3, 1, 1], 1);
    expect((await next())?.state).toBe("unknown");
    expect((await next())?.state).toBe("unknown");
    const counts: NodeWindow = { node: "a", window: 7, requests: 9, sessions: 9, assigned: 900, misrouted: 0, warming: false };
    await exchange.publish(counts);
    expect(await exchange.read(7)).toEqual([counts]);
    expect(await exchange.read(8)).toEqual([]);
  });

  it("recommends by default; automatic falls back to shared mode, clears the cookie there, and comes back when it is calm", async () => {
    for (const fallback of ["recommend", "automatic"] as const) {
      const { of, next } = cluster(sticky(), { fallback, calm: 4 });
      const modes: string[] = [];
      await next();
      for (let window = 0; window < 14; window += 1) {
        traffic(random(window + 1), of, 600, window < 5 ? [3, 1, 1] : [1, 1, 1], window);
        await next();
        modes.push(of("c").mode);
        expect(of("c").setCookie).toBe(of("c").mode === "shared" ? "__Host-hf_node=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax" : undefined);
      }
      expect(modes.join(" ")).toMatch(fallback === "automatic" ? /^(sticky ){2,4}(shared ){4,9}(sticky ?)+$/ : /^(sticky ?)+$/);
    }
  });

  it("an exchange that fails loses no counts, and none of the windows before", async () => {
    let fails = true;
    const told: NodeWindow[] = [];
    const exchange = {
      publish: async (counts: NodeWindow) => {
        if (fails) throw new Error("down");
        told.push(counts);
      },
      read: async () => [],
    };
    let now = START;
    const monitor = createMonitor(sticky(), { node: "a", exchange, window: WINDOW, clock: { now: () => now, wait: async () => undefined } });
    for (let window = 0; window < 3; window += 1) {
      monitor.observe({ session: "1", label: "a" });
      now += WINDOW;
      await expect(monitor.tick()).rejects.toThrow("down");
    }
    fails = false;
    await monitor.tick();
    expect(told.map(({ requests }) => requests)).toEqual([1, 1, 1]);
  });

  it("a tick while another is under way loses no window, and tells none twice", async () => {
    const told: NodeWindow[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const exchange = {
      publish: async (counts: NodeWindow) => {
        await gate;
        told.push(counts);
      },
      read: async () => [],
    };
    let now = START;
    const monitor = createMonitor(sticky(), { node: "a", exchange, window: WINDOW, clock: { now: () => now, wait: async () => undefined } });
    const ticks: Promise<unknown>[] = [];
    for (const requests of [1, 2, 3]) {
      for (let request = 0; request < requests; request += 1) monitor.observe({ session: "1", label: "a" });
      now += WINDOW;
      ticks.push(monitor.tick());
    }
    open();
    await Promise.all(ticks);
    await monitor.tick();
    expect(told.map(({ requests }) => requests)).toEqual([1, 2, 3]);
  });

  it("remembers no more sessions than it may", async () => {
    const { of, next } = cluster(sticky(), { maxSessions: 100 });
    await next();
    for (let session = 0; session < 5000; session += 1) of("a").observe({ session: `${session}`, label: null });
    await next();
    expect(of("a").counts).toMatchObject({ sessions: 100, requests: 5000, assigned: 5000 });
  });

  it.each([
    ["node", { node: "z" }],
    ["window", { window: 10 }],
    ["fallback", { fallback: "always" }],
    ["patience", { patience: 0 }],
    ["maxSessions", { maxSessions: 1 }],
    ["windwo", { windwo: 60_000 }],
  ])("refuses a wrong %s", (option, options) => {
    expect(() => createMonitor(sticky(), { node: "a", exchange: memoryExchange(), ...options } as MonitorOptions)).toThrow(config(option));
  });

  it("reports to OpenTelemetry, by labels of nodes and nothing of a session", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    expect(metrics).toBeDefined();
    const { of, next } = cluster();
    reportMonitor(provider.getMeter("test"), of("a"));
    await next();
    traffic(random(5), of, 300, [1, 1, 1], 1);
    await next();
    await next();
    await reader.forceFlush();
    const points = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]?.value, dataPoints[0]?.attributes])));
    await provider.shutdown();
    expect(Object.fromEntries(points.map(([name, value]) => [name, value]))).toMatchObject({ "holdfast.affinity.requests": expect.any(Number), "holdfast.affinity.alarm": 0, "holdfast.affinity.shared": 0, "holdfast.affinity.chance": expect.any(Number) });
    for (const [, , attributes] of points) expect([{}, { "holdfast.affinity.node": "a" }]).toContainEqual(attributes);
  });
});
