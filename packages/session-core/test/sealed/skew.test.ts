import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/memory.ts";
import { Jar, request, signedIn, type TestClock, testClock } from "../support.ts";
import { sealedWorld } from "./support.ts";

const REVOKED = { kind: "none", ended: "revoked" };

/** Two servers, the second one's clock ahead by so many ms. */
function servers(ahead: number) {
  const clock = testClock();
  const skewed: TestClock = { ...clock, now: () => clock.now() + ahead };
  const store = createMemoryStore({ clock });
  const one = (own: TestClock) => sealedWorld({ clock: own, sealed: { revocations: { store, within: 5000 } } }).sessions;
  return { clock, behind: one(clock), ahead: one(skewed) };
}

describe("revokeAll on servers whose clocks differ", () => {
  it("[D05] ends what began before on a server that is ahead, and nothing that begins afterwards anywhere", async () => {
    const { behind, ahead, clock } = servers(3000);
    const [old, kept] = [await signedIn(ahead), await signedIn(ahead)];
    const id = (await ahead.open(kept.headers())).presentedIds[0] ?? expect.unreachable();
    clock.advance(1000);
    await behind.revokeAll("ada", { except: id });
    clock.advance(1);
    const fresh = [await signedIn(behind), await signedIn(ahead)];
    clock.advance(5000);
    for (const sessions of [behind, ahead]) {
      expect((await request(sessions, old)).state).toEqual(REVOKED);
      for (const jar of [kept, ...fresh]) expect((await request(sessions, jar)).state.kind).toBe("active");
    }
    // What was begun after one does not outlive the next, whichever clock it had.
    await ahead.revokeAll("ada");
    clock.advance(3001);
    const between = await signedIn(ahead);
    await behind.revokeAll("ada");
    clock.advance(5000);
    for (const sessions of [behind, ahead]) for (const jar of [kept, ...fresh, between]) expect((await request(sessions, jar)).state).toEqual(REVOKED);
  });

  it("[D05] a sign-in right after it lives, sealed anew too, and so does the one that ended the others", async () => {
    const { behind, clock } = servers(0);
    await behind.revokeAll("ada");
    clock.advance(1);
    const jar = await signedIn(behind);
    await request(behind, jar, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    const other = new Jar();
    expect((await request(behind, jar)).state.kind).toBe("active");
    clock.advance(1);
    await request(behind, other, (s) => s.start("ada", {}, { revokeOthers: true }));
    expect([(await request(behind, jar)).state, (await request(behind, other)).state.kind]).toEqual([REVOKED, "active"]);
  });
});
