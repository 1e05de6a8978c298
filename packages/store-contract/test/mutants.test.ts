import type { Clock, IndexedStore } from "@holdfast/session-core/store";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../session-core/src/lib/memory-store.ts";
import { runCases } from "./support/run-cases.ts";

type Mutant = (store: IndexedStore, clock: Clock) => Partial<IndexedStore>;

/** What stores got wrong elsewhere, and the case that must notice. */
const mutants: Record<string, readonly [noticed: RegExp, mutant: Mutant]> = {
  "create is an upsert": [
    /create never overwrites a live row/,
    (store) => ({
      async create(row, guard) {
        await store.delete(row.id);
        return store.create(row, guard);
      },
    }),
  ],
  "create replaces a tombstone": [
    /does not revive a session/,
    (store) => ({
      async create(row, guard) {
        if ((await store.read(row.id))?.body === "ended") await store.delete(row.id);
        return store.create(row, guard);
      },
    }),
  ],
  "update is an upsert": [
    /late update cannot resurrect a deleted session/,
    (store) => ({
      async update(row, revision) {
        const word = await store.update(row, revision);
        return word === "missing" && (await store.create(row)).outcome === "created" ? "updated" : word;
      },
    }),
  ],
  "update compares and sets in two steps": [
    /of 50 parallel updates/,
    (store) => ({
      async update(row, revision) {
        const found = await store.read(row.id);
        if (found !== null && found.revision !== revision) return "conflict";
        for (let current = revision; ; current += 1) {
          const word = await store.update(row, current);
          if (word !== "conflict") return word;
        }
      },
    }),
  ],
  "touch moves deadlines backwards": [
    /touch takes the greater/,
    (store) => ({
      async touch(id, seenAt, expiresAt) {
        const row = await store.read(id);
        if (row === null || row.body === "ended") return "missing";
        await store.delete(id);
        await store.create({ ...row, seenAt, expiresAt });
        return "touched";
      },
    }),
  ],
  "touch prolongs a tombstone": [
    /late touch neither revives/,
    (store) => ({
      async touch(id, seenAt, expiresAt) {
        const row = await store.read(id);
        if (row?.body !== "ended") return store.touch(id, seenAt, expiresAt);
        await store.delete(id);
        await store.create({ ...row, seenAt, expiresAt });
        return "touched";
      },
    }),
  ],
  "end deletes": [
    /a tombstone reads like a row/,
    (store) => ({
      async end(id) {
        await store.delete(id);
        return "ended";
      },
    }),
  ],
  "end ignores ifRevision": [/with another one it is a conflict/, (store) => ({ end: (id, tombstone) => store.end(id, tombstone) })],
  "guests are indexed": [
    /a guest is in no index/,
    (store, clock) => ({ create: (row, guard) => store.create(row, guard ?? { began: clock.now() + 1e9 }) }),
  ],
  "limits are counted before, not within, the create": [
    /100 parallel sign-ins with reject/,
    (store) => ({
      async create(row, guard, options) {
        if (guard?.limit === undefined) return store.create(row, guard, options);
        const { rows } = await store.list(row.id.slice(0, 12) as Parameters<typeof store.list>[0]);
        if (rows.length >= guard.limit.max && guard.limit.whenFull === "reject") return { outcome: "full", evicted: [] };
        return store.create(row, { began: guard.began }, options);
      },
    }),
  ],
  "replaces is ignored": [
    /the row that is replaced takes no place/,
    (store) => ({
      create(row, guard, options) {
        const { replaces: _replaces, ...rest } = guard ?? { began: 0 };
        return store.create(row, guard && rest, options);
      },
    }),
  ],
  "replaces is a second step, taken in any case": [
    /one that creates nothing leaves it alone/,
    (store) => ({
      async create(row, guard, options) {
        if (guard?.replaces) await store.end(guard.replaces.id, guard.replaces.tombstone);
        return store.create(row, guard, options);
      },
    }),
  ],
  "notBefore is forgotten": [
    /began before or at notBefore is refused/,
    (store) => ({ create: (row, guard) => store.create(row, guard && { ...guard, began: Number.MAX_SAFE_INTEGER }) }),
  ],
  "endAll ends one page": [
    /more rows than one page/,
    (store, clock) => ({
      async endAll(partition, tombstone, options) {
        const { rows } = await store.list(partition);
        const ended = rows.map(({ id }) => id).filter((id) => id !== options?.except);
        for (const id of ended) await store.end(id, tombstone);
        return { notBefore: clock.now(), ended };
      },
    }),
  ],
  "sweep is unbounded": [/batches of at most/, (store) => ({ sweep: (now) => store.sweep(now, Number.MAX_SAFE_INTEGER) })],
  "signals are ignored": [/read rejects with the reason/, (store) => ({ read: (id) => store.read(id) })],
  "ids ignore letter case": [
    /ids differ by letter case/,
    (store) => ({ create: (row) => store.create({ ...row, id: row.id.toLowerCase() as typeof row.id }) }),
  ],
};

const { capabilities } = createMemoryStore();

describe("a broken store fails the contract", () => {
  for (const [name, [noticed, mutant]] of Object.entries(mutants)) {
    it(name, async () => {
      const { failed, passed } = await runCases(async (clock) => {
        const store = createMemoryStore({ clock });
        return { store: { ...store, ...mutant(store, clock) } };
      }, capabilities);
      expect(failed).toContainEqual(expect.stringMatching(noticed));
      expect(passed).not.toEqual([]);
    });
  }
});

describe("[K01] a missing capability disables its cases loudly", () => {
  it("no index: the cases are named as not run, the others pass", async () => {
    const weaker = { ...capabilities, index: false };
    const report = await runCases(async (clock) => {
      const { list: _list, endAll: _endAll, sweep: _sweep, ...store } = createMemoryStore({ clock });
      return { store: { ...store, capabilities: weaker } };
    }, weaker);
    const full = await runCases(async (clock) => ({ store: createMemoryStore({ clock }) }), capabilities);
    expect(full.failed).toEqual([]);
    expect(full.skipped).toEqual([]);
    expect(report.failed).toEqual([]);
    expect(report.passed.length + report.skipped.length).toBe(full.passed.length);
    expect(report.skipped.filter((name) => name.includes("capabilities.index is false")).length).toBeGreaterThan(30);
    expect(report.skipped.filter((name) => name.includes("no `sweep`")).length).toBe(6);
  });

  it("a store that declares an index and has none fails", async () => {
    const { failed } = await runCases(async (clock) => {
      const { list: _list, ...store } = createMemoryStore({ clock });
      return { store };
    }, capabilities);
    expect(failed).toContainEqual(expect.stringContaining("unknown partition"));
  });
});
