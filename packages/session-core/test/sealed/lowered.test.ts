import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/memory.ts";
import { codeOf, type Jar, MINUTE, request, signedIn, type TestClock, testClock } from "../support.ts";
import { sealedWorld } from "./support.ts";

const SUPERSEDED = { kind: "none", refused: "superseded" };

/** Two servers, the second one's clock ahead by so many ms. */
function servers(ahead = 0) {
  const clock = testClock();
  const skewed: TestClock = { ...clock, now: () => clock.now() + ahead };
  const store = createMemoryStore({ clock });
  const one = (own: TestClock) => sealedWorld({ clock: own, sealed: { revocations: { store, within: 5000 } } }).sessions;
  return { clock, store, a: one(clock), b: one(skewed) };
}

const admin = async (sessions: ReturnType<typeof servers>["a"]): Promise<Jar> => {
  const jar = await signedIn(sessions);
  await request(sessions, jar, (s) => s.elevate({ acr: "admin" }));
  await request(sessions, jar);
  return jar;
};
const lower = (sessions: ReturnType<typeof servers>["a"], jar: Jar, acr = "user") => request(sessions, jar, (s) => s.elevate({ acr, lower: true }));
const change = (sessions: ReturnType<typeof servers>["a"], jar: Jar) => request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: [...d.cart, "x"] })));

describe("rights that were lowered", () => {
  it("[A06] do not live again by a server that had not heard of it and sealed the old cookie anew", async () => {
    const { a, b, clock } = servers();
    const jar = await admin(a);
    const old = jar.copy();
    await request(b, old.copy());
    clock.advance(1000);
    await lower(a, jar);
    clock.advance(1000);
    expect((await change(b, old)).state).toMatchObject({ acr: "admin" });
    clock.advance(MINUTE);
    for (const sessions of [a, b]) {
      expect((await request(sessions, old.copy())).state).toEqual(SUPERSEDED);
      expect((await request(sessions, jar.copy())).state).toMatchObject({ kind: "active", acr: "user" });
    }
  });

  it("[A06] do not live again by a request that was let in before, which does not take the cookie of the lowered one either", async () => {
    const { a, clock } = servers();
    const jar = await admin(a);
    const [slow, idle] = [await a.open(jar.headers()), await a.open(jar.headers())];
    slow.update((d) => ({ ...d, cart: ["late"] }));
    idle.touch();
    clock.advance(1000);
    await lower(a, jar);
    clock.advance(1000);
    expect(await codeOf(() => slow.commit())).toBe("no_session");
    expect((await idle.commit()).cookies).toEqual([]);
    expect((await request(a, jar)).state).toMatchObject({ kind: "active", acr: "user", data: { cart: [] } });
  });

  it.each([3000, -3000])("skewed clocks sign nobody out: the other server's is %d ms ahead", async (ahead) => {
    const { a, b, clock } = servers(ahead);
    for (const [one, other] of [[a, b], [b, a]] as const) {
      const jar = await admin(one);
      await lower(one, jar);
      clock.advance(1000);
      expect((await change(other, jar)).state).toMatchObject({ acr: "user" });
      expect((await request(one, jar)).state).toMatchObject({ kind: "active", acr: "user" });
      const user = jar.copy();
      await lower(other, jar, "less");
      clock.advance(6000);
      for (const sessions of [a, b]) {
        expect((await request(sessions, jar.copy())).state).toMatchObject({ kind: "active", acr: "less" });
        expect((await request(sessions, user.copy())).state).toEqual(SUPERSEDED);
      }
    }
  });

  it("twice in one millisecond, the cookie of the first is over", async () => {
    const { a } = servers();
    const jar = await admin(a);
    await lower(a, jar);
    const user = jar.copy();
    await lower(a, jar, "less");
    expect((await request(a, user)).state).toEqual(SUPERSEDED);
    expect((await request(a, jar)).state).toMatchObject({ acr: "less" });
  });
});
