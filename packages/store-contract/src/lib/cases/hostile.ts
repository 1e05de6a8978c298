import type { SessionId, StoredSession } from "@holdfast/session-core/store";
import { expect } from "vitest";
import { testId } from "../rows.ts";
import type { Suite } from "../suite.ts";

const IDS = ["'; DROP TABLE x; --aaaaaa", '" OR 1=1 OR ""="aaaaaaaa', "a b\r\nflush_all\r\naaaaaaa", "__proto__constructoraaaa", "%_%_%_%_%_%_%_%_%_%_%_%_", "漢字ünï-😀-aaaaaaaaaaaaaaa", "${jndi:x}{a}[b]*?:/../aa"];

const BODIES: Record<string, string> = {
  quotes: `'; DELETE FROM sessions; -- "\\' \`x\` ? $1 :a @b`,
  "line ends": "a\r\nEND\r\nset b 0 0 1\r\n\tz ",
  unicode: "ünï-漢字-😀-\u2028\u202E-e\u0301",
  "prototype names": '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}',
  "a number": "007",
  nothing: "",
  "64 KB": "x'\"é".repeat(13_200),
};

export function hostileCases({ every }: Suite): void {
  for (const [name, body] of Object.entries(BODIES)) {
    every(`[K05] a body of ${name} is kept as it is by create, update and end`, async ({ store, row, tombstone, look }) => {
      const first = row({ body });
      await store.create(first);
      expect(await look(first.id)).toEqual(first);
      await store.update({ ...first, revision: 1, body: `${body}!` }, 0);
      expect((await look(first.id))?.body).toBe(`${body}!`);
      await store.end(first.id, tombstone({ body }));
      expect((await look(first.id))?.body).toBe(body);
    });
  }

  every("[K05] a body with NUL is kept whole or refused, never cut", async ({ store, row, look }) => {
    const first = row({ body: "before\u0000after" });
    const kept = await store.create(first).then(
      () => true,
      () => false,
    );
    expect(await look(first.id)).toEqual(kept ? first : null);
  });

  for (const hostile of IDS) {
    every(`[K05] the id ${JSON.stringify(hostile)} names one row or is refused`, async ({ store, row, tombstone, look }) => {
      const bystander = row();
      await store.create(bystander);
      const id = hostile as SessionId;
      await attempt(() => store.delete(id));
      const first = row({ id });
      const created = await attempt(() => store.create(first));
      if (created) {
        expect(await look(id)).toEqual(first);
        expect(await store.update({ ...first, revision: 1, body: "second" }, 0)).toBe("updated");
        expect(await store.touch(id, first.seenAt + 1, first.expiresAt)).toBe("touched");
        expect(await store.end(id, tombstone())).toBe("ended");
        await store.delete(id);
        expect(await look(id)).toBeNull();
      }
      expect(await look(bystander.id)).toEqual(bystander);
    });
  }

  every("[K05] names of Object.prototype are no rows", async ({ store, look }) => {
    for (const id of ["__proto__", "constructor", "toString"]) {
      const read: { row: StoredSession | null } = { row: null };
      await attempt(async () => {
        read.row = await look(id as SessionId);
      });
      expect(read.row).toBeNull();
      await attempt(() => store.touch(id as SessionId, 1, 2));
    }
  });

  every("[K05] ids differ by letter case", async ({ store, row, look }) => {
    const upper = row({ id: `${testId().slice(0, 23)}A` as SessionId, body: "upper" });
    const lower = row({ id: `${upper.id.slice(0, 23)}a` as SessionId, body: "lower" });
    expect((await store.create(upper)).outcome).toBe("created");
    expect((await store.create(lower)).outcome).toBe("created");
    expect(await look(upper.id)).toEqual(upper);
    expect(await look(lower.id)).toEqual(lower);
  });
}

/** Whether the store took it; refusing a name that no session can have is as good as keeping it. */
async function attempt(verb: () => Promise<unknown>): Promise<boolean> {
  try {
    await verb();
    return true;
  } catch {
    return false;
  }
}
