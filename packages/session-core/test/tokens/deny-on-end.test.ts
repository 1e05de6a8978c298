import { describe, expect, it } from "vitest";
import { createDenylist, createTokenVerifier, denyOnEnd, type TokenEvent } from "../../src/tokens.ts";
import { HOUR, KEYS, MINUTE, request, signedIn, world } from "../support.ts";
import { API, decoded, issued, ISSUER, issuing } from "./support.ts";

async function denying(options: Parameters<typeof world>[0] = {}) {
  const it = world(options);
  const tokens = issuing({ clock: it.clock });
  const denylist = createDenylist({ store: it.store, keys: KEYS, clock: it.clock });
  const events: TokenEvent[] = [];
  const denials = denyOnEnd({ sessions: it.sessions, tokens, denylist, clock: it.clock, onEvent: (event) => void events.push(event) });
  const verifier = createTokenVerifier({ issuer: ISSUER, audience: API, keys: tokens, denylist, clock: it.clock });
  const begin = async (subject = "ada") => {
    const jar = await signedIn(it.sessions, subject);
    const { state } = await request(it.sessions, jar);
    if (state.kind !== "active") throw new Error("not signed in");
    const token = await issued(tokens, state);
    const outcome = async (): Promise<string> => {
      await denials.settled();
      const result = await verifier.verify(token);
      return result.outcome === "refused" ? result.reason : result.outcome;
    };
    return { jar, state, token, outcome };
  };
  return { ...it, denials, tokenEvents: events, begin };
}

describe("tokens of a session that ended", () => {
  it("[D02] [H09] are denied by a sign-out, without a line of the application's, and those of others are not", async () => {
    const it = await denying();
    const [mine, other] = [await it.begin(), await it.begin("bob")];
    expect([await mine.outcome(), await other.outcome()]).toEqual(["accepted", "accepted"]);
    await request(it.sessions, mine.jar, (s) => s.end());
    expect([await mine.outcome(), await other.outcome()]).toEqual(["revoked", "accepted"]);
  });

  it("[D02] by a revocation, one of all, a sign-in that takes its place, one that needs the room, and reuse", async () => {
    const it = await denying({ policy: { concurrent: { max: 2, whenFull: "evict-oldest" } } });
    const one = await it.begin();
    await it.sessions.revoke(one.state.id);
    expect(await one.outcome()).toBe("revoked");
    const all = [await it.begin("bob"), await it.begin("bob")];
    await it.sessions.revokeAll("bob");
    for (const each of all) expect(await each.outcome()).toBe("revoked");
    const replaced = await it.begin("cat");
    await request(it.sessions, replaced.jar, (s) => s.start("dan"));
    expect(await replaced.outcome()).toBe("revoked");
    const evicted = await it.begin("eve");
    it.clock.advance(1);
    for (let i = 0; i < 2; i++) await it.begin("eve");
    expect(await evicted.outcome()).toBe("revoked");
    const stolen = await it.begin("fay");
    const copy = stolen.jar.copy();
    for (let i = 0; i < 3; i++) {
      it.clock.advance(11 * MINUTE);
      await request(it.sessions, stolen.jar);
    }
    const { state } = await request(it.sessions, stolen.jar);
    expect(state.kind).toBe("active");
    await request(it.sessions, copy);
    expect((await request(it.sessions, stolen.jar)).state).toEqual({ kind: "none", ended: "reuse" });
    expect(it.events.map(({ type }) => type)).toContain("session_reuse_detected");
    await it.denials.settled();
    expect(it.tokenEvents).toEqual([]);
  });

  it("a session that reaches a limit writes nothing: no token outlives it", async () => {
    const it = await denying();
    const mine = await it.begin();
    const { exp } = decoded(mine.token, 1) as { exp: number };
    it.clock.advance(31 * MINUTE);
    expect(it.clock.now()).toBeGreaterThan(exp * 1000);
    const creates = (): number => it.store.calls.filter((verb) => verb === "create").length;
    const before = creates();
    expect((await request(it.sessions, mine.jar)).state.kind).toBe("none");
    await it.denials.settled();
    expect(creates()).toBe(before);
  });

  it("a denial that fails is an event, the sign-out stands, and the token lives for its own time only", async () => {
    const it = await denying();
    const mine = await it.begin();
    it.store.fail = (verb) => (verb === "create" ? new Error("down") : undefined);
    expect((await request(it.sessions, mine.jar, (s) => s.end())).state.kind).toBe("none");
    expect(await mine.outcome()).toBe("accepted");
    expect(it.tokenEvents).toMatchObject([{ type: "token_denylist_failed" }]);
    it.clock.advance(5 * MINUTE + 5000);
    expect(await mine.outcome()).toBe("expired");
  });

  it("stop() listens no more", async () => {
    const it = await denying();
    const mine = await it.begin();
    it.denials.stop();
    await request(it.sessions, mine.jar, (s) => s.end());
    expect(await mine.outcome()).toBe("accepted");
    it.clock.advance(HOUR);
  });
});
