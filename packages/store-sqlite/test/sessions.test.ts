import { DatabaseSync } from "node:sqlite";
import { createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
import { createRegister } from "@holdfast/session-core/register";
import { createTestClock, type TestClock } from "@holdfast/store-contract";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scratch } from "./support/drivers.ts";

const keys = generateKeys();
let files: ReturnType<typeof scratch>;
let clock: TestClock;
let open: DatabaseSync[];
beforeEach(() => {
  files = scratch();
  clock = createTestClock();
  open = [];
});
afterEach(() => {
  for (const db of open) db.close();
  files.remove();
});

/** A server with a connection of its own to the one file. */
function server(policy = {}): Sessions<Record<string, unknown>> {
  const db = new DatabaseSync(files.path("sessions.db"));
  open.push(db);
  return createSessions({ store: createSqliteStore(db, { clock, synchronous: "normal" }), keys, clock: { ...clock, wait: async () => undefined }, policy });
}

describe("revokeEverything on sqlite", () => {
  it("[D05] ends what both servers made, at once here and within 5 s there, and lets later sign-ins live", async () => {
    const [a, b] = [server(), server()];
    const old = await Promise.all([a, b].map((sessions) => sessions.issue("ada")));
    for (const { credential } of old) for (const sessions of [a, b]) expect((await sessions.open(credential.reveal())).state.kind).toBe("active");
    await a.revokeEverything();
    expect((await a.open(old[0]?.credential.reveal() ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
    clock.advance(5000);
    expect((await b.open(old[1]?.credential.reveal() ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
    const { credential } = await b.issue("ada");
    for (const sessions of [a, b, server()]) expect((await sessions.open(credential.reveal())).state.kind).toBe("active");
  });

  it("[D05] is complete against 50 sign-ins under way on two servers", async () => {
    const [a, b] = [server(), server()];
    const began = clock.now();
    const signIns = Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).issue(`user${i}`, {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
    const [, ...done] = await Promise.all([a.revokeEverything(), ...signIns]);
    clock.advance(5000);
    for (const issued of done) {
      if (!issued) continue;
      for (const sessions of [a, b]) expect((await sessions.open(issued.credential.reveal())).state.kind).toBe("none");
    }
    await expect(b.issue("ada", {}, { authenticatedAt: began })).rejects.toMatchObject({ code: "sign_in_revoked" });
  });
});

describe("limits on sqlite", () => {
  for (const whenFull of ["reject", "evict-oldest"] as const) {
    it(`[D08] ${whenFull} holds exactly under 100 parallel sign-ins on two servers`, async () => {
      const policy = { concurrent: { max: 3, whenFull } };
      const [a, b] = [server(policy), server(policy)];
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
    const [a, b] = [server(), server()];
    const began = clock.now();
    const signIns = Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).issue("ada", {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
    const [{ notBefore }, ...done] = await Promise.all([a.revokeAll("ada"), ...signIns]);
    for (const issued of done) if (issued) expect((await b.open(issued.credential.reveal())).state.kind).toBe("none");
    expect(await b.list("ada")).toEqual([]);
    await expect(b.issue("ada", {}, { authenticatedAt: notBefore })).rejects.toMatchObject({ code: "sign_in_revoked" });
  });
});

describe("a register on sqlite", () => {
  it("[M04] once is true exactly once among 100 callers on two connections", async () => {
    const make = () => {
      const db = new DatabaseSync(files.path("sessions.db"));
      open.push(db);
      return createRegister({ store: createSqliteStore(db, { clock }), keys, clock });
    };
    const [a, b] = [make(), make()];
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).once("iss\0jti", 60_000)));
    expect(results.filter(Boolean)).toHaveLength(1);
    await a.deny("token", clock.now() + 60_000);
    expect(await b.isDenied("token")).toBe(true);
    clock.advance(60_000);
    expect([await b.isDenied("token"), await b.once("iss\0jti", 60_000)]).toEqual([false, true]);
  });
});
