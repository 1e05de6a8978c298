import { expect } from "vitest";
import { testId } from "../rows.ts";
import type { Suite } from "../suite.ts";

export function touchCases({ every }: Suite): void {
  every("touch moves seenAt and expiresAt and keeps revision, writeId, createdAt and body", async ({ store, row, look }) => {
    const first = row();
    const { id, seenAt, expiresAt } = first;
    await store.create(first);
    expect(await store.touch(id, seenAt + 1000, expiresAt + 2000)).toBe("touched");
    expect(await look(id)).toEqual({ ...first, seenAt: seenAt + 1000, expiresAt: expiresAt + 2000 });
  });

  every("touch takes the greater of old and new, each for itself", async ({ store, row, look }) => {
    const first = row();
    const { id, seenAt, expiresAt } = first;
    await store.create(first);
    expect(await store.touch(id, seenAt - 1000, expiresAt + 1000)).toBe("touched");
    expect(await look(id)).toMatchObject({ seenAt, expiresAt: expiresAt + 1000 });
    expect(await store.touch(id, seenAt + 1000, expiresAt - 1000)).toBe("touched");
    expect(await look(id)).toMatchObject({ seenAt: seenAt + 1000, expiresAt: expiresAt + 1000 });
  });

  every("a touched row outlives its first deadline", async ({ store, row, look, clock, whileItLives }) => {
    const { found: [id, word], outlived } = await whileItLives(async (expiresAt) => {
      const first = row({ expiresAt });
      await store.create(first);
      return [first.id, await store.touch(first.id, clock.now(), expiresAt + 3_600_000)] as const;
    });
    expect(word).toBe("touched");
    await outlived();
    expect(await look(id)).not.toBeNull();
  });

  every("an update still succeeds after a touch: the revision is the same", async ({ store, row }) => {
    const first = row();
    await store.create(first);
    await store.touch(first.id, first.seenAt + 1, first.expiresAt + 1);
    expect(await store.update({ ...first, revision: 1, body: "second" }, 0)).toBe("updated");
  });

  every("touch never creates", async ({ store, look, clock }) => {
    const id = testId();
    expect(await store.touch(id, clock.now(), clock.now() + 60_000)).toBe("missing");
    expect(await look(id)).toBeNull();
  });

  every("[A09] a late touch neither revives an ended session nor prolongs its tombstone", async (bench) => {
    const { store, row, tombstone, look, whileItLives } = bench;
    const { found: { first, stone, word, seen }, outlived } = await whileItLives(async (expiresAt) => {
      const first = row();
      const stone = tombstone({ expiresAt });
      await store.create(first);
      await store.end(first.id, stone);
      const word = await store.touch(first.id, first.seenAt + 1, first.expiresAt + 1);
      return { first, stone, word, seen: await look(first.id) };
    });
    expect(word).toBe("missing");
    expect(seen).toMatchObject(stone);
    await outlived();
    expect(await store.touch(first.id, first.seenAt + 1, first.expiresAt + 1)).toBe("missing");
    expect(await look(first.id)).toBeNull();
  });
}
