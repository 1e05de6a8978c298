import { expect } from "vitest";
import { testId } from "../rows.ts";
import type { Bench, Suite, Swept } from "../suite.ts";

/** The engine may be shared with other cases: what they left behind, and what will expire of it before the case ends, is not ours to count. */
async function drain({ store, clock, short }: Bench<Swept>): Promise<void> {
  if (store.capabilities.clock === "engine") await clock.advance(2 * short);
  while ((await store.sweep(clock.now() + 2 * short)) > 0);
}

async function seedExpired(bench: Bench<Swept>, count: number): Promise<void> {
  const { store, row, clock, short } = bench;
  for (let i = 0; i < count; i += 1) await store.create(row({ expiresAt: clock.now() + short }));
  await clock.advance(short);
}

export function sweepCases({ swept }: Suite): void {
  swept("[K08] sweep removes expired rows in batches of at most `limit` and counts them", async (bench) => {
    const { store, clock } = bench;
    await drain(bench);
    await seedExpired(bench, 7);
    const counts: number[] = [];
    for (let i = 0; i < 4; i += 1) counts.push(await store.sweep(clock.now(), 3));
    expect(counts).toEqual([3, 3, 1, 0]);
  });

  swept("sweep removes tombstones whose time is over, and nothing that lives", async (bench) => {
    const { store, row, tombstone, look, clock, short } = bench;
    await drain(bench);
    const [live, ended, gone] = [row(), row(), row()];
    for (const written of [live, ended, gone]) await store.create(written);
    await store.end(ended.id, tombstone());
    await store.end(gone.id, tombstone({ expiresAt: clock.now() + short }));
    await clock.advance(short);
    expect(await store.sweep(clock.now())).toBe(1);
    expect(await look(live.id)).toEqual(live);
    expect(await look(ended.id)).toMatchObject({ body: "ended" });
    expect(await look(gone.id)).toBeNull();
  });

  swept("a touched row is judged by its new deadline", async (bench) => {
    const { store, row, look, clock, whileItLives } = bench;
    await drain(bench);
    const id = testId();
    const { found: word, outlived } = await whileItLives(async (expiresAt) => {
      await store.delete(id);
      await store.create(row({ id, expiresAt }));
      return store.touch(id, clock.now(), expiresAt + 3_600_000);
    });
    expect(word).toBe("touched");
    await outlived();
    expect(await store.sweep(clock.now())).toBe(0);
    expect(await look(id)).not.toBeNull();
  });

  swept("sweep judges by the `now` it is given, to the millisecond", async (bench) => {
    const { store, row, clock, short } = bench;
    await drain(bench);
    const expiresAt = clock.now() + short;
    await store.create(row({ expiresAt }));
    await clock.advance(short);
    expect(await store.sweep(expiresAt - 1)).toBe(0);
    expect(await store.sweep(expiresAt)).toBe(1);
  });

  swept("sweep removes nothing that lives by the store's clock, however far ahead the `now` it is given", async (bench) => {
    const { store, row, look, clock } = bench;
    const live = row();
    await store.create(live);
    // Where the caller's clock decides, `now` is the store's clock.
    await store.sweep(store.capabilities.clock === "engine" ? clock.now() + 1000 * 86_400_000 : clock.now());
    expect(await look(live.id)).toEqual(live);
  });
}
