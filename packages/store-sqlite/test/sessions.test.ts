import { DatabaseSync } from "node:sqlite";
import { createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
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
    for (const { credential } of old) for (const sessions of [a, b]) expect((await sessions.open(credential)).state.kind).toBe("active");
    await a.revokeEverything();
    expect((await a.open(old[0]?.credential ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
    clock.advance(5000);
    expect((await b.open(old[1]?.credential ?? "")).state).toEqual({ kind: "none", ended: "revoked" });
    const { credential } = await b.issue("ada");
    for (const sessions of [a, b, server()]) expect((await sessions.open(credential)).state.kind).toBe("active");
  });

  it("[D05] is complete against 50 sign-ins under way on two servers", async () => {
    const [a, b] = [server(), server()];
    const began = clock.now();
    const signIns = Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).issue(`user${i}`, {}, { authenticatedAt: began - (i % 3) * 1000 }).catch(() => undefined));
    const [, ...done] = await Promise.all([a.revokeEverything(), ...signIns]);
    clock.advance(5000);
    for (const issued of done) {
      if (!issued) continue;
      for (const sessions of [a, b]) expect((await sessions.open(issued.credential)).state.kind).toBe("none");
    }
    await expect(b.issue("ada", {}, { authenticatedAt: began })).rejects.toMatchObject({ code: "sign_in_revoked" });
  });
});
