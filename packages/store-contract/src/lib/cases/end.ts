import { partitionOf } from "@holdfast/session-core/store-kit";
import { expect } from "vitest";
import { testId } from "../rows.ts";
import type { Suite } from "../suite.ts";

export function endCases({ every }: Suite): void {
  every("end takes a live row whatever its revision", async ({ store, row, tombstone, look }) => {
    const first = row();
    const stone = tombstone();
    await store.create(first);
    await store.update({ ...first, revision: 1, body: "second" }, 0);
    expect(await store.end(first.id, stone)).toBe("ended");
    expect(await look(first.id)).toMatchObject(stone);
  });

  every("end with the right revision ends, with another one it is a conflict and changes nothing", async (bench) => {
    const { store, row, tombstone, look } = bench;
    const first = row();
    const stone = tombstone();
    await store.create(first);
    await store.update({ ...first, revision: 1, body: "second" }, 0);
    const before = await look(first.id);
    expect(await store.end(first.id, stone, { ifRevision: 0 })).toBe("conflict");
    expect(await store.end(first.id, stone, { ifRevision: 2 })).toBe("conflict");
    expect(await look(first.id)).toEqual(before);
    expect(await store.end(first.id, stone, { ifRevision: 1 })).toBe("ended");
    expect(await look(first.id)).toMatchObject(stone);
  });

  every("end with revision 0 is a condition, too", async ({ store, row, tombstone }) => {
    const first = row();
    await store.create(first);
    expect(await store.end(first.id, tombstone(), { ifRevision: 0 })).toBe("ended");
  });

  every("an ended session ends only once, and its first tombstone stays", async ({ store, row, tombstone, look }) => {
    const first = row();
    const stone = tombstone({ body: "logout" });
    await store.create(first);
    await store.end(first.id, stone);
    expect(await store.end(first.id, tombstone({ body: "revoked" }))).toBe("missing");
    expect(await store.end(first.id, tombstone({ body: "revoked" }), { ifRevision: 0 })).toBe("missing");
    expect(await look(first.id)).toMatchObject(stone);
  });

  every("end never creates a tombstone for an id that is not there", async ({ store, tombstone, look }) => {
    const id = testId();
    expect(await store.end(id, tombstone())).toBe("missing");
    expect(await look(id)).toBeNull();
  });

  every("a tombstone lasts until its own deadline, earlier than the row's", async (bench) => {
    const { store, row, tombstone, look, whileItLives } = bench;
    const { found: [id, seen], outlived } = await whileItLives(async (expiresAt) => {
      const first = row();
      await store.create(first);
      await store.end(first.id, tombstone({ expiresAt }));
      return [first.id, await look(first.id)] as const;
    });
    expect(seen).toMatchObject({ body: "ended" });
    await outlived();
    expect(await look(id)).toBeNull();
  });

  every("a tombstone lasts until its own deadline, later than the row's", async (bench) => {
    const { store, row, tombstone, look, whileItLives } = bench;
    const { found: [id, word], outlived } = await whileItLives(async (expiresAt) => {
      const first = row({ expiresAt });
      await store.create(first);
      return [first.id, await store.end(first.id, tombstone())] as const;
    });
    expect(word).toBe("ended");
    await outlived();
    expect(await look(id)).toMatchObject({ body: "ended" });
  });
}

export function deleteCases({ every, indexed }: Suite): void {
  every("delete removes a row, and again, and what never was", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    for (const id of [first.id, first.id, testId()]) expect(await store.delete(id)).toBeUndefined();
    expect(await look(first.id)).toBeNull();
  });

  every("delete removes a tombstone", async ({ store, row, tombstone, look }) => {
    const first = row();
    await store.create(first);
    await store.end(first.id, tombstone());
    await store.delete(first.id);
    expect(await look(first.id)).toBeNull();
  });

  every("delete leaves other rows alone", async ({ store, row, look }) => {
    const [first, other] = [row(), row()];
    await store.create(first);
    await store.create(other);
    await store.delete(first.id);
    expect(await look(other.id)).toEqual(other);
  });

  indexed("a deleted row is neither listed nor counted", async ({ store, row, tombstone, clock }) => {
    const first = row();
    const partition = partitionOf(first.id);
    const began = clock.now();
    await store.create(first, { began });
    await store.delete(first.id);
    expect((await store.list(partition)).rows).toEqual([]);
    const guard = { began, limit: { max: 1, whenFull: "reject", tombstone: tombstone() } } as const;
    expect((await store.create(row({ id: testId(partition) }), guard)).outcome).toBe("created");
  });
}
