import { describe, expect, it } from "vitest";
import { createSessions, type Sessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { sealedSessions } from "../src/sealed.ts";
import type { IndexedStore } from "../src/store.ts";
import { codeOf, INITIAL, Jar, KEYS, request, testClock } from "./support.ts";

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Two servers on one store, whose calls wait for their turns, and one whose calls do not. */
function servers(kind: "opaque" | "sealed") {
  const clock = testClock();
  const store = createMemoryStore({ clock });
  const waiting = new Map<number, () => void>();
  const seenBy = (server: number): IndexedStore =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          await new Promise<void>((resolve) => void waiting.set(server, resolve));
          return Reflect.apply(value, target, args);
        };
      },
    });
  const server = (at: IndexedStore): Sessions<typeof INITIAL> =>
    createSessions({ initial: INITIAL, keys: KEYS, clock, store: kind === "opaque" ? at : sealedSessions({ revocations: { store: at } }) });
  return { clock, waiting, both: [server(seenBy(0)), server(seenBy(1))], third: server(store) };
}

/** A sign-in of one subject on each server, whose store calls take turns as `order` says: bit by bit, 0 for the first server. */
async function signIns({ clock, waiting, both, third }: ReturnType<typeof servers>, order: number): Promise<{ readonly codes: readonly string[]; readonly alive: readonly boolean[] }> {
  const jars = both.map(() => new Jar());
  const codes: string[] = [];
  const work = both.map(async (sessions, i) => {
    codes[i] = await codeOf(() => request(sessions, jars[i] ?? new Jar(), (s) => s.start(`ada ${order}`, {}, { revokeOthers: true })));
  });
  for (let bit = 0; codes.filter(Boolean).length < 2; bit++) {
    await settle();
    const wanted = (order >> bit) & 1;
    const next = waiting.has(wanted) ? wanted : 1 - wanted;
    const go = waiting.get(next);
    waiting.delete(next);
    go?.();
  }
  await Promise.all(work);
  clock.advance(1);
  return { codes, alive: await Promise.all(jars.map(async (jar) => (await request(third, jar)).state.kind === "active")) };
}

/** More bits than the two sign-ins have calls that matter. */
const ORDERS = Array.from({ length: 1 << 8 }, (_, order) => order);

describe("two sign-ins that end all others, at once", () => {
  it("[D06] on one server exactly one is signed in, and the other is told so", async () => {
    const clock = testClock();
    const sessions = createSessions({ store: createMemoryStore({ clock }), keys: KEYS, clock });
    const jars = [new Jar(), new Jar(), new Jar()];
    const codes = await Promise.all(jars.map((jar) => codeOf(() => request(sessions, jar, (s) => s.start("ada", {}, { revokeOthers: true })))));
    const kinds = await Promise.all(jars.map(async (jar) => (await request(sessions, jar)).state.kind));
    expect([codes, kinds]).toEqual([["none", "sign_in_revoked", "sign_in_revoked"], ["active", "none", "none"]]);
  });

  it("[D06] on two servers nobody is answered as signed in who is over by then, whatever the order of their calls", async () => {
    const told = new Set<string>();
    const world = servers("opaque");
    for (const order of ORDERS) {
      const { codes, alive } = await signIns(world, order);
      told.add(`${codes.toSorted().join()} ${alive.filter(Boolean).length}`);
      // Who was refused is not signed in.
      codes.forEach((code, i) => expect(code === "none" || (code === "sign_in_revoked" && !alive[i])).toBe(true));
    }
    // With nobody left: each had ended the other before it could know. One was in for a moment, or none was.
    expect([...told].toSorted()).toEqual(["none,sign_in_revoked 0", "none,sign_in_revoked 1", "sign_in_revoked,sign_in_revoked 0"]);
  });

  it("[D06] sealed: exactly one is signed in, whatever the order of their calls", async () => {
    const world = servers("sealed");
    for (const order of ORDERS) {
      const { codes, alive } = await signIns(world, order);
      expect([order, codes.filter((code) => code === "none"), alive.filter(Boolean)]).toEqual([order, ["none"], [true]]);
      codes.forEach((code, i) => expect([code, alive[i]]).toEqual(alive[i] ? ["none", true] : ["sign_in_revoked", false]));
    }
  });
});
