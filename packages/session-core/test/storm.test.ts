import { describe, expect, it } from "vitest";
import { HoldfastError } from "../src/index.ts";
import { HOUR, Jar, MINUTE, request, world } from "./support.ts";

/** A small repeatable generator (mulberry32), so that a schedule is its seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const operationOf = (chance: number): "read" | "update" | "elevate" | "refresh" => (chance < 0.5 ? "read" : chance < 0.8 ? "update" : chance < 0.88 ? "elevate" : "refresh");

/** Sixty bursts of requests from one jar; each is read, written and answered up to `delay` later, in any order, and 15 % of the answers are lost. */
async function storm(seed: number, delay: number): Promise<{ trouble: string[]; acknowledged: string[]; cart: readonly string[] }> {
  const random = generator(seed);
  const { sessions, clock } = world({ policy: { idle: HOUR, absolute: 100 * HOUR, renew: 2 * MINUTE } });
  const jar = new Jar();
  await request(sessions, jar, (s) => s.start("ada"));
  const queue: { readonly at: number; readonly work: () => Promise<void> | void }[] = [];
  const at = (time: number, work: () => Promise<void> | void): void => {
    queue.splice(queue.findLastIndex((event) => event.at <= time) + 1, 0, { at: time, work });
  };
  const trouble: string[] = [];
  const acknowledged: string[] = [];

  let elevatedAt = Number.NEGATIVE_INFINITY;
  const send = (name: string, sent: number): void => {
    const drawn = operationOf(random());
    // A double submit is one elevation; two of them within a delay are still an open case (decision 005).
    const apart = sent - elevatedAt > delay || sent - elevatedAt < 1000;
    const operation = drawn === "elevate" && !apart ? "read" : drawn;
    if (operation === "elevate") elevatedAt = Math.max(elevatedAt, sent);
    const [read, write, answer] = [random() * 0.3, random() * 0.3, random() * 0.4].map((part) => part * delay) as [number, number, number];
    const [lost, navigation] = [random() < 0.15, random() < 0.3];
    at(sent, () => {
      const headers = jar.headers(navigation ? { "sec-fetch-mode": "navigate" } : {});
      at(sent + read, async () => {
        const session = await sessions.open(headers);
        const { state } = session;
        if (state.kind === "none" && state.refused !== "superseded") trouble.push(`${name} found no session`);
        at(sent + read + write, async () => {
          try {
            if (operation === "update") session.update((data) => ({ ...data, cart: [...data.cart, name] }));
            if (operation === "elevate") session.elevate({ acr: "high", reauthenticated: true });
            if (operation === "refresh") session.renew();
            const { cookies } = await session.commit();
            if (operation === "update") acknowledged.push(name);
            if (!lost) at(sent + read + write + answer, () => void jar.take(cookies));
          } catch (error) {
            // A straggler of a replaced credential is told to retry; anything else is a defect.
            if (!(error instanceof HoldfastError) || error.code !== "no_session") throw error;
          }
        });
      });
    });
  };

  let time = clock.now();
  for (let burst = 0; burst < 60; burst++) {
    time += random() < 0.5 ? random() * 5000 : random() * 200_000;
    const size = random() < 0.3 ? 3 : 1;
    for (let i = 0; i < size; i++) send(`${burst}.${i}`, time + random() * 300 * i);
  }
  for (let event = queue.shift(); event; event = queue.shift()) {
    if (event.at > clock.now()) clock.set(event.at);
    await event.work();
  }
  clock.advance(2 * MINUTE);
  const { state } = await request(sessions, jar);
  if (state.kind !== "active") trouble.push(`at the end: ${JSON.stringify(state)}`);
  return { trouble, acknowledged, cart: state.kind === "active" ? state.data.cart : [] };
}

describe("a storm of late, lost and reordered responses", () => {
  const schedules = process.env["HOLDFAST_DRILL"] ? 5000 : 200;

  it(`[H04] signs nobody out and loses no acknowledged update, in ${schedules} schedules with delays below the overlap and elevations further apart`, async () => {
    for (let seed = 1; seed <= schedules; seed++) {
      const { trouble, acknowledged, cart } = await storm(seed, 40_000);
      expect(trouble, `seed ${seed}`).toEqual([]);
      expect(cart.toSorted(), `seed ${seed}`).toEqual(acknowledged.toSorted());
    }
  }, 120_000);
});
