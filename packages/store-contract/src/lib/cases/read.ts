import { expect } from "vitest";
import { testId } from "../rows.ts";
import type { Suite } from "../suite.ts";

export function readCases({ every, capabilities }: Suite): void {
  every("[K01] the store declares the capabilities that this suite was told", async ({ store }) => {
    expect(store.capabilities).toEqual(capabilities);
  });

  every("an id that was never created reads as null", async ({ store }) => {
    expect(await store.read(testId())).toBeNull();
  });

  every("a created row reads back as it was written", async ({ store, row, look }) => {
    const written = row({ body: '{"cart":[1,2]}' });
    await store.create(written);
    expect(await look(written.id)).toEqual(written);
  });

  every("a read without options sees the row, too", async ({ store, row }) => {
    const written = row();
    await store.create(written);
    expect(await store.read(written.id)).toEqual(written);
  });

  every("[C09] an expired row still physically present reads as absent", async ({ store, row, look, whileItLives }) => {
    const { found: [id, seen], outlived } = await whileItLives(async (expiresAt) => {
      const written = row({ expiresAt });
      await store.create(written);
      return [written.id, await look(written.id)] as const;
    });
    expect(seen).not.toBeNull();
    await outlived();
    expect(await look(id)).toBeNull();
    expect(await store.read(id)).toBeNull();
  });

  if (capabilities.clock === "caller") {
    every("a row lives until the last millisecond before expiresAt", async ({ store, row, look, clock, short }) => {
      const written = row({ expiresAt: clock.now() + short });
      await store.create(written);
      await clock.advance(short - 1);
      expect(await look(written.id)).toEqual(written);
      expect(await store.touch(written.id, clock.now(), written.expiresAt)).toBe("touched");
    });
  }

  every("[C05] an expired row is unusable for every verb, not only hidden from reads", async (bench) => {
    const { store, row, tombstone, look, clock, short } = bench;
    const written = row({ expiresAt: clock.now() + short });
    await store.create(written);
    await clock.advance(short);
    const longer = clock.now() + 3_600_000;
    expect(await store.touch(written.id, clock.now(), longer)).toBe("missing");
    expect(await store.update({ ...written, revision: 1, expiresAt: longer }, 0)).toBe("missing");
    expect(await store.end(written.id, tombstone())).toBe("missing");
    expect(await store.end(written.id, tombstone(), { ifRevision: 0 })).toBe("missing");
    expect(await look(written.id)).toBeNull();
  });

  every("a tombstone reads like a row, with its own body, writeId and deadline", async ({ store, row, tombstone, look }) => {
    const written = row();
    const stone = tombstone();
    await store.create(written);
    await store.end(written.id, stone);
    expect(await look(written.id)).toMatchObject({ ...stone, id: written.id, createdAt: written.createdAt });
  });

  every("changing a row that was handed out changes nothing in the store", async ({ store, row, look }) => {
    const written = { ...row() };
    await store.create(written);
    const { id, body } = written;
    Reflect.set(written, "body", "changed by the writer");
    const read = await look(id);
    if (read !== null) Reflect.set(read, "body", "changed by the reader");
    expect(await look(id)).toMatchObject({ body });
  });
}
