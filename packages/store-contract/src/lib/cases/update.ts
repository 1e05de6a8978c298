import { expect } from "vitest";
import type { Suite } from "../suite.ts";

export function updateCases({ every }: Suite): void {
  every("update replaces body, writeId and revision, whatever step the revision takes", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    const second = { ...first, revision: 7, writeId: "second-write", body: "second" };
    expect(await store.update(second, 0)).toBe("updated");
    expect(await look(first.id)).toEqual(second);
    const third = { ...first, revision: 2 ** 50, writeId: "third-write", body: "third" };
    expect(await store.update(third, 7)).toBe("updated");
    expect(await look(first.id)).toEqual(third);
  });

  every("[K02] an update that expects another revision is a conflict and changes nothing", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    await store.update({ ...first, revision: 1, writeId: "second-write", body: "second" }, 0);
    const before = await look(first.id);
    for (const revision of [0, 2, 50, -1]) {
      expect(await store.update({ ...first, body: "lost" }, revision)).toBe("conflict");
    }
    expect(await look(first.id)).toEqual(before);
  });

  every("update keeps createdAt", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    await store.update({ ...first, revision: 1, createdAt: first.createdAt + 5000 }, 0);
    expect(await look(first.id)).toMatchObject({ createdAt: first.createdAt });
  });

  every("update takes the greater seenAt and expiresAt, each for itself", async ({ store, row, look }) => {
    const first = row();
    const { id, seenAt, expiresAt } = first;
    await store.create(first);
    await store.update({ ...first, revision: 1, seenAt: seenAt + 1000, expiresAt: expiresAt - 1000 }, 0);
    expect(await look(id)).toMatchObject({ seenAt: seenAt + 1000, expiresAt });
    await store.update({ ...first, revision: 2, seenAt: seenAt - 1000, expiresAt: expiresAt + 1000 }, 1);
    expect(await look(id)).toMatchObject({ seenAt: seenAt + 1000, expiresAt: expiresAt + 1000, revision: 2 });
  });

  every("update never creates", async ({ store, row, look }) => {
    const never = row();
    expect(await store.update(never, 0)).toBe("missing");
    expect(await look(never.id)).toBeNull();
  });

  every("[A09] a late update cannot resurrect an ended session", async ({ store, row, tombstone, look }) => {
    const first = row();
    const stone = tombstone();
    await store.create(first);
    await store.end(first.id, stone);
    for (const revision of [0, 1]) {
      expect(await store.update({ ...first, body: "back from the dead" }, revision)).toBe("missing");
    }
    expect(await look(first.id)).toMatchObject(stone);
  });

  every("[A09] a late update cannot resurrect a deleted session", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    await store.delete(first.id);
    expect(await store.update(first, 0)).toBe("missing");
    expect(await look(first.id)).toBeNull();
  });

  every("update leaves the other rows of its partition alone", async ({ store, row, look }) => {
    const first = row();
    const other = row({ id: `${first.id.slice(0, 23)}${first.id.endsWith("A") ? "B" : "A"}` as typeof first.id });
    await store.create(first);
    await store.create(other);
    await store.update({ ...first, revision: 1, body: "second" }, 0);
    expect(await look(other.id)).toEqual(other);
  });
}
