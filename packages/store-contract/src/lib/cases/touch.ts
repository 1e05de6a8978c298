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

  every("a touched row outlives its first deadline", async ({ store, row, look, clock, short }) => {
    const first = row({ expiresAt: clock.now() + short });
    await store.create(first);
    await store.touch(first.id, clock.now(), clock.now() + 100 * short);
    await clock.advance(short);
    expect(await look(first.id)).not.toBeNull();
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
    const { store, row, tombstone, look, clock, short } = bench;
    const first = row();
    const stone = tombstone({ expiresAt: clock.now() + short });
    await store.create(first);
    await store.end(first.id, stone);
    expect(await store.touch(first.id, first.seenAt + 1, first.expiresAt + 1)).toBe("missing");
    expect(await look(first.id)).toMatchObject(stone);
    await clock.advance(short);
    expect(await store.touch(first.id, first.seenAt + 1, first.expiresAt + 1)).toBe("missing");
    expect(await look(first.id)).toBeNull();
  });
}
