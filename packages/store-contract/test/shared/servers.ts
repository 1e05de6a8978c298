import { createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
import { createRegister } from "@holdfast/session-core/register";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Connection, type Lacking, type OpenEngine, type SharedEngine, type TestTime, testTime } from "./engine.ts";
import { UNHURRIED } from "./unhurried.ts";

let keys: ReturnType<typeof generateKeys>;
let engine: SharedEngine;
let time: TestTime;
let closing: (() => Promise<void>)[];
let events: string[];

async function connect(): Promise<Connection["store"]> {
  const { store, close } = await engine.connect(time.clock);
  closing.push(close);
  return store;
}

/** A server with a connection of its own. */
const server = async (policy = {}): Promise<Sessions<Record<string, unknown>>> => createSessions({ store: await connect(), storeTimeout: UNHURRIED, keys, clock: time.clock, policy, onEvent: ({ type }) => void events.push(type) });

/** What holds on every engine, seen from two servers of it. */
export function describeServers(name: string, open: OpenEngine, clockOf: "caller" | "engine", lacking: Lacking = []): void {
  describe(`two servers on ${name}`, () => {
    beforeEach(async () => {
      keys = generateKeys();
      engine = await open();
      time = testTime(clockOf);
      closing = [];
      events = [];
    });
    afterEach(async () => {
      for (const close of closing) await close();
      await engine.remove();
    });

    describe.skipIf(lacking.includes("keeping"))("revokeEverything", () => {
      it("[D05] ends what both servers made, at once here and within 5 s there, and lets later sign-ins live", async () => {
        const [a, b] = [await server(), await server()];
        const old = await Promise.all([a, b].map((sessions) => sessions.issue("ada")));
        for (const { credential } of old) for (const sessions of [a, b]) expect((await sessions.open(credential.reveal())).state.kind).toBe("active");
        await a.revokeEverything();
        expect((await a.open(old[0]?.credential.reveal() ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
        time.leap(5000);
        expect((await b.open(old[1]?.credential.reveal() ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
        const { credential } = await b.issue("ada");
        for (const sessions of [a, b, await server()]) expect((await sessions.open(credential.reveal())).state.kind).toBe("active");
      });

      it("[D05] is complete against 50 sign-ins under way on two servers", async () => {
        const [a, b] = [await server(), await server()];
        const began = time.clock.now();
        const signIns = Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).issue(`user${i}`, {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
        const [, ...done] = await Promise.all([a.revokeEverything(), ...signIns]);
        time.leap(5000);
        for (const issued of done) {
          if (!issued) continue;
          for (const sessions of [a, b]) expect((await sessions.open(issued.credential.reveal())).state.kind).toBe("none");
        }
        await expect(b.issue("ada", {}, { authenticatedAt: began })).rejects.toMatchObject({ code: "sign_in_revoked" });
      });
    });

    describe("limits", () => {
      for (const whenFull of ["reject", "evict-oldest"] as const) {
        it.skipIf(lacking.includes("limits"))(`[D08] ${whenFull} holds exactly under 100 parallel sign-ins on two servers`, async () => {
          const policy = { concurrent: { max: 3, whenFull } };
          const [a, b] = [await server(policy), await server(policy)];
          const results = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).issue("ada").catch((error: { code: string }) => error.code)));
          const refused = results.filter((result) => typeof result === "string");
          expect(refused).toEqual(Array(whenFull === "reject" ? 97 : 0).fill("limit_reached"));
          expect(await a.list("ada")).toHaveLength(3);
          let live = 0;
          for (const result of results) if (typeof result !== "string" && (await b.open(result.credential.reveal())).state.kind === "active") live++;
          expect(live).toBe(3);
        });
      }

      it("[D05] revokeAll is complete against 100 sign-ins under way, two-step ones too", async () => {
        const [a, b] = [await server(), await server()];
        const began = time.clock.now();
        const signIns = Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).issue("ada", {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
        const [{ notBefore }, ...done] = await Promise.all([a.revokeAll("ada"), ...signIns]);
        for (const issued of done) if (issued) expect((await b.open(issued.credential.reveal())).state.kind).toBe("none");
        expect(await b.list("ada")).toEqual([]);
        await expect(b.issue("ada", {}, { authenticatedAt: notBefore })).rejects.toMatchObject({ code: "sign_in_revoked" });
      });
    });

    describe("the ratchet", () => {
      it("[H03] 50 parallel refreshes with one credential give one successor and no write; 50 uses of it on two servers one promotion", async () => {
        const [a, b] = [await server(), await server()];
        const at = (i: number): typeof a => (i % 2 ? a : b);
        const { state, credential } = await a.issue("ada");
        const written = async (): Promise<unknown> => (await (await connect()).read(state.id))?.writeId;
        const before = await written();
        time.leap(120_000);
        const refreshed = await Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            const session = await at(i).open(credential.reveal());
            session.renew();
            return (await session.commit()).credential?.reveal();
          }),
        );
        expect(new Set(refreshed).size).toBe(1);
        expect(await written()).toBe(before);
        const next = refreshed[0] ?? expect.unreachable();
        events.length = 0;
        const kinds = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
          const session = await at(i).open(next);
          await session.commit();
          return session.state.kind;
        }));
        expect(new Set(kinds)).toEqual(new Set(["active"]));
        expect(events.filter((type) => type === "session_renewed")).toHaveLength(1);
      });

      it("[D10] 50 promotions and updates on two servers beside 50 revocations: one of them is told, and nothing brings the session back", async () => {
        const [a, b] = [await server(), await server()];
        const at = (i: number): typeof a => (i % 2 ? a : b);
        for (let round = 0; round < 3; round++) {
          const { state, credential } = await a.issue("ada");
          time.leap(120_000);
          const session = await a.open(credential.reveal());
          session.renew();
          const next = (await session.commit()).credential?.reveal() ?? expect.unreachable();
          events.length = 0;
          const turns = async (count: number): Promise<void> => {
            for (let wait = count; wait > 0; wait--) await new Promise<void>((resolve) => void setImmediate(resolve));
          };
          const use = async (i: number): Promise<void> => {
            await turns(i % 7);
            const using = await at(i).open(next);
            if (i % 3 === 0 && using.state.kind === "active") using.update(() => ({ i }));
            // It was over, or it ended while this was on its way.
            await using.commit().catch((error: { readonly code: string }) => expect(["no_session", "conflict"]).toContain(error.code));
          };
          const revoke = async (i: number): Promise<void> => {
            await turns(3 + (i % 5));
            await at(i).revoke(state.id);
          };
          await Promise.all(Array.from({ length: 50 }, (_, i) => [use(i), revoke(i)]).flat());
          expect(events.filter((type) => type === "session_revoked")).toHaveLength(1);
          for (const sessions of [a, b]) for (const used of [next, credential.reveal()]) expect((await sessions.open(used)).state).toEqual({ kind: "none", ended: "revoked" });
          expect(await b.list("ada")).toEqual([]);
        }
      });
    });

    describe.skipIf(lacking.includes("keeping"))("a register", () => {
      it("[M04] once is true exactly once among 100 callers on two connections", async () => {
        const make = async () => createRegister({ store: await connect(), storeTimeout: UNHURRIED, keys, clock: time.clock });
        const [a, b] = [await make(), await make()];
        const results = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).once("iss\0jti", 60_000)));
        expect(results.filter(Boolean)).toHaveLength(1);
        await a.deny("token", time.clock.now() + 60_000);
        expect(await b.isDenied("token")).toBe(true);
        // The time of an engine with a clock of its own goes on by itself only; that its rows expire is the contract's affair.
        if (clockOf === "engine") return;
        time.leap(60_000);
        expect([await b.isDenied("token"), await b.once("iss\0jti", 60_000)]).toEqual([false, true]);
      });
    });
  });
}
