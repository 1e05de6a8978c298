import type { StoredSession } from "@holdfast/session-core/store";
import { expect } from "vitest";
import { testId, testPartition, testWriteId } from "../rows.ts";
import type { Bench, Suite } from "../suite.ts";

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const count = (words: readonly string[], word: string): number => words.filter((other) => other === word).length;

/** Adds one to the number in the body, reading again after each conflict, as core does. */
async function increment({ store, look }: Bench, id: StoredSession["id"]): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const row = await look(id);
    if (row === null) throw new Error("the session is gone");
    const next = { ...row, revision: row.revision + 1, writeId: testWriteId(), body: String(Number(row.body) + 1) };
    if ((await store.update(next, row.revision)) === "updated") return;
  }
  throw new Error("1000 conflicts in a row");
}

export function raceCases({ every, indexed }: Suite): void {
  every("[H03] [K02] of 50 parallel updates with one expected revision exactly one takes effect", async (bench) => {
    const { store, row, look } = bench;
    const first = row();
    await store.create(first);
    const words = await times(50, (i) => store.update({ ...first, revision: 1, writeId: `write-${i}`, body: `body-${i}` }, 0));
    expect(count(words, "updated")).toBe(1);
    expect(count(words, "conflict")).toBe(49);
    const winner = words.indexOf("updated");
    expect(await look(first.id)).toEqual({ ...first, revision: 1, writeId: `write-${winner}`, body: `body-${winner}` });
  });

  every("[K02] of 50 parallel creates of one id exactly one takes effect", async ({ store, row, look }) => {
    const first = row();
    const results = await times(50, (i) => store.create({ ...first, writeId: `write-${i}`, body: `body-${i}` }));
    const words = results.map(({ outcome }) => outcome);
    expect(count(words, "created")).toBe(1);
    expect(count(words, "exists")).toBe(49);
    expect(await look(first.id)).toMatchObject({ body: `body-${words.indexOf("created")}` });
  });

  every("[A09] 50 touches and 50 updates racing one end never revive the session", async (bench) => {
    const { store, row, tombstone, look } = bench;
    const first = row();
    // It outlives the race however slow the machine is; that nobody prolonged it shows in its `expiresAt`.
    const stone = tombstone();
    await store.create(first);
    const touch = (i: number): Promise<string> => store.touch(first.id, first.seenAt + i, first.expiresAt + i);
    const update = (i: number): Promise<string> => store.update({ ...first, revision: 1, body: "late" }, i < 25 ? i % 2 : i - 25);
    const end = (): Promise<string> => store.end(first.id, stone);
    const words = await times(50, (i) => Promise.all(i === 25 ? [end()] : [touch(i), update(i)]));
    expect(words[25]).toEqual(["ended"]);
    expect(await look(first.id)).toMatchObject(stone);
  });

  every("[K02] of 50 parallel ends exactly one takes effect", async ({ store, row, tombstone, look }) => {
    const first = row();
    await store.create(first);
    const words = await times(50, (i) => store.end(first.id, tombstone({ body: `end-${i}` })));
    expect(count(words, "ended")).toBe(1);
    expect(await look(first.id)).toMatchObject({ body: `end-${words.indexOf("ended")}` });
  });

  every("[K02] parallel writers that re-read after a conflict lose no update", async (bench) => {
    const first = bench.row({ body: "0" });
    await bench.store.create(first);
    await times(10, async () => {
      for (let i = 0; i < 5; i += 1) await increment(bench, first.id);
    });
    expect(await bench.look(first.id)).toMatchObject({ body: "50", revision: 50 });
  });

  for (const whenFull of ["reject", "evict-oldest"] as const) {
    indexed(`[D08] 100 parallel sign-ins with ${whenFull} leave exactly as many sessions as allowed`, async (bench) => {
      const { store, row, tombstone, clock, look } = bench;
      const partition = testPartition();
      const guard = { began: clock.now(), limit: { max: 5, whenFull, tombstone: tombstone() } };
      const rows = Array.from({ length: 100 }, () => row({ id: testId(partition) }));
      const results = await Promise.all(rows.map((member) => store.create(member, guard)));
      const words = results.map(({ outcome }) => outcome);
      const evicted = new Set(results.flatMap((result) => result.evicted));
      expect((await store.list(partition)).rows).toHaveLength(5);
      expect(count(words, "created")).toBe(whenFull === "reject" ? 5 : 100);
      expect(count(words, "full")).toBe(whenFull === "reject" ? 95 : 0);
      expect(evicted.size).toBe(whenFull === "reject" ? 0 : 95);
      for (const id of evicted) expect(await look(id)).toMatchObject({ body: "ended" });
    });
  }

  indexed("[D05] no session of 50 sign-ins racing endAll is alive whose began <= notBefore", async (bench) => {
    const { store, row, tombstone, clock, look } = bench;
    const partition = testPartition();
    const now = clock.now();
    const later = now + 3_600_000;
    const rows = Array.from({ length: 50 }, () => row({ id: testId(partition) }));
    const signIn = (i: number, member: StoredSession): Promise<{ outcome: string }> =>
      store.create(member, { began: i % 5 === 4 ? later : now - i });
    const racers = rows.slice(0, 25).map((member, i) => signIn(i, member));
    const ending = store.endAll(partition, tombstone());
    racers.push(...rows.slice(25).map((member, i) => signIn(i, member)));
    const results = await Promise.all(racers);
    const { ended } = await ending;
    const living = new Set((await store.list(partition)).rows.map(({ id }) => id));
    for (const [i, { id }] of rows.entries()) {
      const outcome = results[i]?.outcome;
      if (i % 5 !== 4) expect(living.has(id)).toBe(false);
      if (outcome === "revoked") expect(await look(id)).toBeNull();
      if (outcome === "created") expect(living.has(id) || ended.includes(id)).toBe(true);
    }
  });
}
