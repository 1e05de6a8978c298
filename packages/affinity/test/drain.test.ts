import { defineAffinity } from "@holdfast/affinity";
import { createDrain, type Drain } from "@holdfast/affinity/drain";
import { afterEach, describe, expect, it, vi } from "vitest";

const affinity = defineAffinity({ nodes: [{ label: "a", address: "10.0.0.1:8080" }], drain: { grace: 30_000 } });

afterEach(() => void vi.restoreAllMocks());

/** Also the monotonic clock, on which it is counted what was really waited. Waits end in the order in which they were asked for, at the time they were asked for, or `late` times as much later; others get their turn in between. */
const testClock = (late = 1): { now: () => number; wait: (ms: number) => Promise<void> } => {
  let time = 1_000_000;
  vi.spyOn(performance, "now").mockImplementation(() => time);
  return {
    now: () => time,
    wait: async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      time += ms * late;
    },
  };
};

const page = new Request("https://shop.example/cart");
const health = new Request("https://shop.example/healthz");
const ask = (drain: Drain, request = page, headers: Record<string, string> = {}): Promise<Response> => drain.handle(request, () => new Response("cart", { headers }));

describe("drain", () => {
  it("a node that takes clients answers 200 on its health path, and sets no cookie", async () => {
    const drain = createDrain(affinity);
    expect((await ask(drain, health)).status).toBe(200);
    expect((await ask(drain)).headers.get("set-cookie")).toBeNull();
    expect(drain).toMatchObject({ draining: false, healthStatus: 200, setCookie: undefined });
  });

  it("one that drains answers 404 there, and clears the affinity cookie with the attributes it was set with", async () => {
    const drain = createDrain(affinity, { clock: testClock() });
    const left = drain.drain();
    expect(drain).toMatchObject({ draining: true, healthStatus: 404 });
    expect((await ask(drain, health)).status).toBe(404);
    const response = await ask(drain);
    expect(response.headers.getSetCookie()).toEqual(["__Host-hf_node=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"]);
    expect(await response.text()).toBe("cart");
    expect(await left).toEqual({ outcome: "empty", inFlight: 0 });
  });

  it("the application's own cookies stay, and a response that caches share gets none", async () => {
    const drain = createDrain(affinity, { clock: testClock() });
    void drain.drain();
    expect((await ask(drain, page, { "set-cookie": "sid=1" })).headers.getSetCookie()).toHaveLength(2);
    for (const control of ["public, max-age=60", "max-age=60", "s-maxage=1"]) expect((await ask(drain, page, { "cache-control": control })).headers.get("set-cookie")).toBeNull();
    for (const control of ["private, max-age=60", "no-store", "max-age=0"]) expect((await ask(drain, page, { "cache-control": control })).headers.get("set-cookie")).not.toBeNull();
  });

  it("a response whose headers cannot be changed is answered anew", async () => {
    const drain = createDrain(affinity, { clock: testClock() });
    void drain.drain();
    const response = await drain.handle(page, () => Response.redirect("https://shop.example/"));
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  /** What the health path answers, each time it changes, by how long after the beginning. */
  const course = async (drain: Drain, clock: ReturnType<typeof testClock>): Promise<readonly (readonly [number, number])[]> => {
    const began = clock.now();
    const seen: [number, number][] = [];
    const look = (): unknown => drain.healthStatus !== seen.at(-1)?.[1] && seen.push([clock.now() - began, drain.healthStatus]);
    let over = false;
    const left = drain.drain().finally(() => (over = true));
    while (!over) {
      look();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await left;
    return [...seen, [clock.now() - began, drain.healthStatus]];
  };

  it("waits until the balancer must have noticed the 404, then fails its health check and waits until it must have noticed that, also where nothing is under way", async () => {
    const clock = testClock();
    // 2 s x 2 + 1 s, twice.
    expect(await course(createDrain(affinity, { clock }), clock)).toEqual([[0, 404], [5000, 503], [10_000, 503]]);
  });

  it("the time to notice is the description's where that says one", async () => {
    const clock = testClock();
    const told = defineAffinity({ nodes: [{ label: "a", address: "10.0.0.1:8080" }], drain: { notice: 1525, grace: 4000 } });
    const [, failing, over] = await course(createDrain(told, { clock }), clock);
    expect(failing).toEqual([1550, 503]);
    expect(over).toEqual([3100, 503]);
    const none = defineAffinity({ nodes: [{ label: "a", address: "10.0.0.1:8080" }], drain: { notice: 0 } });
    expect(await createDrain(none, { clock }).drain()).toEqual({ outcome: "empty", inFlight: 0 });
    expect(clock.now()).toBe(1_000_000 + 3100);
  });

  it("keeps as much of the grace as it takes to notice the failing check", async () => {
    const clock = testClock();
    const drain = createDrain(affinity, { clock });
    drain.begin();
    expect(await course(drain, clock)).toEqual([[0, 404], [25_000, 503], [30_000, 503]]);
    // The shortest grace there is, which no step of the clock fits in.
    const tight = createDrain(defineAffinity({ nodes: [{ label: "a", address: "10.0.0.1:8080" }], drain: { notice: 1520, grace: 4000 } }), { clock });
    tight.begin();
    expect(await course(tight, clock)).toEqual([[0, 404], [2480, 503], [4000, 503]]);
  });

  it("counts what it really waited: a busy loop, which wakes it three times as late, makes the grace no longer", async () => {
    const clock = testClock(3);
    const drain = createDrain(affinity, { clock });
    drain.begin();
    // In looks of 150 ms, so that each step ends less than one late.
    expect(await course(drain, clock)).toEqual([[0, 404], [25_050, 503], [30_000, 503]]);
  });

  it("of a pause in which the whole process stood still it counts a second: the balancer has to be told all the same", async () => {
    const clock = testClock();
    let stood = false;
    const drain = createDrain(affinity, {
      clock: {
        now: clock.now,
        async wait(ms) {
          await clock.wait(stood ? ms : 3_600_000);
          stood = true;
        },
      },
    });
    expect(await course(drain, clock)).toEqual([[0, 404], [3_604_000, 503], [3_609_000, 503]]);
  });

  it("waits for requests that still come while its check fails, and clears their cookie", async () => {
    const clock = testClock();
    const drain = createDrain(affinity, { clock });
    let over = false;
    const left = drain.drain().finally(() => (over = true));
    while (!over && drain.healthStatus !== 503) await new Promise((resolve) => setImmediate(resolve));
    expect((await ask(drain, health)).status).toBe(503);
    const response = await ask(drain);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    await response.text();
    const end = drain.begin();
    while (clock.now() < 1_000_000 + 20_000) await clock.wait(1000);
    expect(over).toBe(false);
    end();
    expect(await left).toEqual({ outcome: "empty", inFlight: 0 });
  });

  it("waits for a body that is still being read", async () => {
    const clock = testClock();
    const drain = createDrain(affinity, { clock });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const response = await drain.handle(page, () => new Response(readable));
    const reading = response.text();
    let over = false;
    const left = drain.drain().finally(() => (over = true));
    while (clock.now() < 1_000_000 + 20_000) await clock.wait(1000);
    expect([over, drain.inFlight]).toEqual([false, 1]);
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("late"));
    await writer.close();
    expect(await reading).toBe("late");
    expect(await left).toEqual({ outcome: "empty", inFlight: 0 });
  });

  it("waits no longer than the grace, and says how many it left behind", async () => {
    const clock = testClock();
    const drain = createDrain(affinity, { clock });
    drain.begin();
    const end = drain.begin();
    end();
    end();
    const began = clock.now();
    expect(await drain.drain()).toEqual({ outcome: "late", inFlight: 1 });
    expect(clock.now() - began).toBe(30_000);
  });

  it.each([
    ["back by an hour", -3_600_000],
    ["forth by an hour", 3_600_000],
  ])("a clock that is set %s makes the grace neither longer nor shorter", async (_, step) => {
    const clock = testClock();
    let waited = 0;
    const drain = createDrain(affinity, {
      clock: {
        now: () => clock.now() + (waited >= 1000 ? step : 0),
        async wait(ms) {
          await clock.wait(ms);
          waited += ms;
          if (waited > 100_000) throw new Error("it waits for ever");
        },
      },
    });
    drain.begin();
    expect(await drain.drain()).toEqual({ outcome: "late", inFlight: 1 });
    expect(waited).toBe(30_000);
  });

  it.each([
    ["a handler that throws", async (drain: Drain) => expect(drain.handle(page, () => Promise.reject(new Error("no")))).rejects.toThrow("no")],
    ["a body that nobody wants", async (drain: Drain) => (await ask(drain)).body?.cancel()],
    ["a response without a body", async (drain: Drain) => void (await drain.handle(page, () => new Response(null, { status: 204 })))],
    ["a body that fails", async (drain: Drain) => expect((await drain.handle(page, () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) })))).text()).rejects.toThrow("cut")],
  ])("%s is over", async (_, work) => {
    const drain = createDrain(affinity);
    await work(drain);
    expect(drain.inFlight).toBe(0);
  });

  it("is begun once, however often it is asked for", () => {
    const drain = createDrain(affinity, { clock: testClock() });
    expect(drain.drain()).toBe(drain.drain());
  });

  it("without an affinity cookie there is none to clear", async () => {
    const drain = createDrain(defineAffinity({ nodes: [{ label: "a", address: "10.0.0.1:8080" }], key: "ip" }), { clock: testClock() });
    void drain.drain();
    expect((await ask(drain)).headers.get("set-cookie")).toBeNull();
  });
});
