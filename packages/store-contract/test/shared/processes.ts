import { createSessions, generateKeys } from "@holdfast/session-core";
import { testId, testPartition, testRow } from "@holdfast/store-contract";
import { describe, expect, it } from "vitest";
import type { Lacking, OpenEngine, SharedEngine, SharedStore } from "./engine.ts";
import { missing, visited, work } from "./spawn.ts";
import { UNHURRIED } from "./unhurried.ts";

/** Several processes on one engine. `worker` is a file that calls `runTask` (tasks.ts) with a connection to the address of the engine. */
export function describeProcesses(name: string, open: OpenEngine, worker: string, lacking: Lacking = []): void {
  describe.skipIf(missing() !== undefined)(`several processes on ${name} (${missing() ?? "real ones"})`, () => {
    const withEngine = async (test: (engine: SharedEngine, store: () => Promise<SharedStore>) => Promise<void>): Promise<void> => {
      const engine = await open();
      const closing: (() => Promise<void>)[] = [];
      try {
        await test(engine, async () => {
          const { store, close } = await engine.connect();
          closing.push(close);
          return store;
        });
      } finally {
        for (const close of closing) await close();
        await engine.remove();
      }
    };

    it("[K02] two processes that increment one session lose no update", { timeout: 180_000 }, () =>
      withEngine(async ({ address }, connect) => {
        const store = await connect();
        const row = testRow({ id: testId(), body: "0" });
        await store.create(row);
        const results = await Promise.all([1, 2].map(() => work(worker, ["increment", address, row.id])));
        expect(results.map(({ code }) => code)).toEqual([0, 0]);
        expect(await store.read(row.id)).toMatchObject({ body: "400", revision: 400 });
      }));

    const itLimits = it.skipIf(lacking.includes("limits"));
    itLimits("[D08] three processes that come to a new engine at once keep to one limit", { timeout: 180_000 }, () =>
      withEngine(async ({ address }, connect) => {
        const partition = testPartition();
        const results = await Promise.all([1, 2, 3].map(() => work(worker, ["signIn", address, partition])));
        expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
        const lines = results.flatMap((result) => result.lines);
        const evicted = lines.filter((line) => line !== "created");
        expect(lines.length - evicted.length).toBe(180);
        expect(new Set(evicted).size).toBe(173);
        expect((await (await connect()).list(partition)).rows).toHaveLength(7);
      }));

    for (const whenFull of ["reject", "evict-oldest"] as const) {
      itLimits(`[D08] ${whenFull}: 102 sign-ins in three processes leave exactly three sessions, and exactly three people hold one`, { timeout: 180_000 }, () =>
        withEngine(async ({ address }, connect) => {
          const options = { keys: generateKeys(), policy: { concurrent: { max: 3, whenFull } } } as const;
          const results = await Promise.all([1, 2, 3].map(() => work(worker, ["people", address, JSON.stringify(options)])));
          const said = results.flatMap(({ lines }) => lines.map((line) => line.split(" ")[1] ?? ""));
          expect(said).toHaveLength(102);
          expect(said.filter((word) => word === "limit_reached")).toHaveLength(whenFull === "reject" ? 99 : 0);
          const sessions = createSessions({ ...options, store: await connect(), storeTimeout: UNHURRIED });
          const kinds = await Promise.all(said.filter((word) => word !== "limit_reached").map(async (credential) => (await sessions.open(credential)).state.kind));
          expect(kinds.filter((kind) => kind === "active")).toHaveLength(3);
          expect(await sessions.list("ada")).toHaveLength(3);
        }));
    }

    it("[D05] revokeAll beside 102 sign-ins in three processes: alive is exactly who began after it", { timeout: 180_000 }, () =>
      withEngine(async ({ address }, connect) => {
        const options = { keys: generateKeys() };
        const sessions = createSessions({ ...options, store: await connect(), storeTimeout: UNHURRIED });
        let revoked: Promise<{ notBefore: number }> | undefined;
        const onLine = (_child: unknown, count: number): void => {
          if (count >= 5) revoked ??= sessions.revokeAll("ada");
        };
        const results = await Promise.all([1, 2, 3].map(() => work(worker, ["people", address, JSON.stringify(options)], onLine)));
        const { notBefore } = (await revoked) ?? expect.unreachable();
        const said = results.flatMap(({ lines }) => lines.map((line) => line.split(" ")));
        expect(said).toHaveLength(102);
        for (const [began = "", word = ""] of said) {
          const alive = word !== "sign_in_revoked" && (await sessions.open(word)).state.kind === "active";
          expect([began, alive]).toEqual([began, Number(began) > notBefore]);
        }
      }));

    it("[D10] what one process ends, the other refuses at its very next request, also where it has seen the session many times", { timeout: 180_000 }, () =>
      withEngine(async ({ address }, connect) => {
        const keys = generateKeys();
        const sessions = createSessions({ store: await connect(), storeTimeout: UNHURRIED, keys });
        const ends: Readonly<Record<string, (issued: Awaited<ReturnType<typeof sessions.issue>>) => Promise<unknown>>> = {
          revoke: ({ state }) => sessions.revoke(state.id),
          revokeAll: ({ state }) => sessions.revokeAll(state.subject),
          logout: async ({ credential }) => {
            const session = await sessions.open(credential.reveal());
            session.end();
            await session.commit();
          },
        };
        const other = await visited(worker, ["visit", address, JSON.stringify({ keys })]);
        try {
          for (let round = 0; round < 5; round++) {
            for (const [way, end] of Object.entries(ends)) {
              const issued = await sessions.issue(`${way}-${round}`);
              for (let i = 0; i < 5; i++) expect(await other.ask(issued.credential.reveal())).toBe("active");
              await end(issued);
              expect(await other.ask(issued.credential.reveal())).toBe(way === "logout" ? "none logout" : "none revoked");
            }
          }
        } finally {
          await other.stop();
        }
      }));
  });
}
