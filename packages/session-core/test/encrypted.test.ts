import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { describeStore, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { encryptStore } from "../src/encrypted.ts";
import { nodeAesGcm, platformAesGcm, webAesGcm } from "../src/lib/encrypted/aes-gcm.ts";
import { createBodyCipher } from "../src/lib/encrypted/body-cipher.ts";
import { createKeyRing } from "../src/lib/token/key-ring.ts";
import { createMemoryStore } from "../src/memory.ts";
import { createRegister } from "../src/register.ts";
import type { IndexedStore, SessionId, StoredSession } from "../src/store.ts";
import vectors from "./fixtures/aes-256-gcm.json" with { type: "json" };
import { Jar, KEYS, keyOf, MINUTE, request, testClock, world } from "./support.ts";

const engines = { node: nodeAesGcm({ createSecretKey, createCipheriv, createDecipheriv, Buffer } as unknown as Parameters<typeof nodeAesGcm>[0]), web: webAesGcm(crypto) };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array | null): string | undefined => value?.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");

for (const [name, engine] of Object.entries(engines)) {
  describe(`AES-256-GCM by ${name}`, () => {
    it("[G04] agrees with the public vectors, and opens none that is invalid", async () => {
      expect(vectors.tests.length).toBeGreaterThan(60);
      for (const { tcId, key, iv, aad, msg, ct, tag, result } of vectors.tests) {
        const loaded = await engine.load(bytes(key));
        const opened = hex(await engine.open(loaded, bytes(iv), bytes(ct + tag), bytes(aad)));
        expect(opened, `vector ${tcId}`).toBe(result === "valid" ? msg : undefined);
        if (result === "valid") expect(hex(await engine.seal(loaded, bytes(iv), bytes(msg), bytes(aad)))).toBe(ct + tag);
      }
    });

    it("opens what the other one sealed, and nothing that is too short", async () => {
      const [key, iv, aad] = [32, 12, 24].map((length) => crypto.getRandomValues(new Uint8Array(length)));
      if (!key || !iv || !aad) return expect.unreachable();
      for (const other of Object.values(engines)) {
        const text = crypto.getRandomValues(new Uint8Array(700));
        expect(hex(await engine.open(await engine.load(key), iv, await other.seal(await other.load(key), iv, text, aad), aad))).toBe(hex(text));
      }
      for (const length of [0, 1, 15]) expect(await engine.open(await engine.load(key), iv, new Uint8Array(length), aad)).toBeNull();
    });

    it("[F16] writes a text as unpadded base64url, and opens nothing that is written otherwise", async () => {
      const secret = crypto.getRandomValues(new Uint8Array(32));
      const key = await engine.load(secret);
      const aad = new Uint8Array(7);
      for (const text of ["", "a", "\ufeffäöü€😀", "x".repeat(997)]) {
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const sealed = await engine.sealText(key, iv, text, aad);
        expect(sealed).toMatch(/^[\w-]{16}\.[\w-]*\.[\w-]{22}$/);
        const [ivText = "", body = "", tag = ""] = sealed.split(".");
        const parts = { iv: ivText, body, tag };
        for (const other of Object.values(engines)) expect(await other.openText(await other.load(secret), parts, aad)).toBe(text);
        for (const part of ["iv", "body", "tag"] as const) {
          const whole = parts[part];
          const last = whole.charCodeAt(whole.length - 1);
          for (const wrong of [`${whole}=`, ` ${whole}`, `${whole}A`, whole.slice(1), `${whole}\n`, `${whole.slice(0, -1)}+`, `${whole.slice(0, -1)}Ä`, `${whole.slice(0, -1)}${String.fromCharCode(last + (last === 122 ? -1 : 1))}`]) {
            if (wrong !== whole) expect(await engine.openText(key, { ...parts, [part]: wrong }, aad), `${part} ${wrong}`).toBeNull();
          }
        }
      }
    });
  });
}

it("takes node:crypto where the runtime hands it out, and WebCrypto elsewhere and on Workers", async () => {
  const iv = new Uint8Array(12);
  const sealed = async (): Promise<unknown> => {
    const aes = platformAesGcm();
    const [key, result] = [aes.load(new Uint8Array(32)), aes.seal(await aes.load(new Uint8Array(32)), iv, iv, iv)];
    expect([key instanceof Promise, result instanceof Promise]).toEqual([!aes.synchronous, !aes.synchronous]);
    return aes.synchronous;
  };
  expect(await sealed()).toBe(true);
  for (const [name, instead] of [["process", { ...process, getBuiltinModule: undefined }], ["navigator", { userAgent: "Cloudflare-Workers" }]] as const) {
    vi.stubGlobal(name, instead);
    try {
      expect(await sealed()).toBe(false);
    } finally {
      vi.unstubAllGlobals();
    }
  }
});

describeStore("memory, encrypted", async (clock) => ({ store: encryptStore(createMemoryStore({ clock }), { keys: KEYS }) }), createMemoryStore().capabilities);

/** A store whose rows can be seen and changed from below. */
function vault(keys = KEYS, options: { acceptPlain?: boolean; realm?: string } = {}) {
  const clock = testClock();
  const inner = createMemoryStore({ clock });
  const store: IndexedStore = encryptStore(inner, { keys, ...options });
  const stored = async (id: SessionId): Promise<StoredSession> => (await inner.read(id)) ?? expect.unreachable();
  const replace = async (row: StoredSession): Promise<void> => {
    await inner.delete(row.id);
    await inner.create({ ...row, revision: 0 });
  };
  return { clock, inner, store, stored, replace, row: (body = "live"): StoredSession => testRow({ body }, clock.now()) };
}

describe("encryptStore", () => {
  it("[A11] [K09] a dump of the rows contains none of the data", async () => {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    const dump: string[] = [];
    const spied = new Proxy(memory, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (...args: unknown[]) => (dump.push(JSON.stringify(args)), Reflect.apply(value, target, args)) : value;
      },
    });
    const { sessions } = world({ clock, store: encryptStore(spied, { keys: KEYS }), policy: { concurrent: { max: 2, whenFull: "evict-oldest" } } });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["canary-cart"] })));
    // The guest's tombstone keeps its data, for the twin of a double submit.
    await request(sessions, jar, (s) => s.start("ada@shop.test", {}, { carry: ["cart"], acr: "canary-acr", device: "canary-device" }));
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { theme: "canary-theme" } })));
    await request(sessions, jar, (s) => s.elevate({ acr: "canary-admin" }));
    const { state } = await request(sessions, jar);
    expect(state).toMatchObject({ kind: "active", subject: "ada@shop.test", acr: "canary-admin", data: { cart: ["canary-cart"], prefs: { theme: "canary-theme" } } });
    for (let i = 0; i < 3; i++) await sessions.issue("ada@shop.test");
    expect(await sessions.list("ada@shop.test")).toHaveLength(2);
    await sessions.revokeAll("ada@shop.test");
    await sessions.revokeEverything();
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "revoked" });
    expect(dump.join("\n")).not.toMatch(/canary|ada@|"subject"|"chain/);
    expect(dump.join("\n")).toContain("e1.7.");
  });

  it("[G04] a flipped bit anywhere reads as no session, and never throws", async () => {
    const { store, stored, replace, row } = vault();
    const first = row('{"v":1,"x":"y"}');
    await store.create(first, { began: 1 });
    const whole = await stored(first.id);
    for (let at = 0; at < whole.body.length; at++) {
      const changed = String.fromCharCode(whole.body.charCodeAt(at) ^ 1);
      await replace({ ...whole, body: whole.body.slice(0, at) + changed + whole.body.slice(at + 1) });
      // The key id is the one place where a change names another key.
      expect(await store.read(first.id).catch((error: { code: string }) => error.code)).toBe(at === 3 ? "unavailable" : null);
    }
    await replace({ ...whole, body: `${whole.body}A` });
    expect(await store.read(first.id)).toBeNull();
    await replace(whole);
    expect(await store.read(first.id)).toEqual(first);
  });

  it("a body moved to another row, or of another realm, reads as no session, and a list goes on without it", async () => {
    const { store, inner, stored, replace, row } = vault();
    const [first, second] = [row("one"), row("two")];
    await store.create(first);
    await store.create(second);
    await replace({ ...(await stored(second.id)), body: (await stored(first.id)).body });
    expect(await store.read(second.id)).toBeNull();
    expect(await encryptStore(inner, { keys: KEYS, realm: "other" }).read(first.id)).toBeNull();
    const [kept, broken] = ["AAAAAAAAAAAA", "AAAAAAAAAAAA"].map((partition) => ({ ...row("x"), id: testId(partition as never) }));
    if (!kept || !broken) return expect.unreachable();
    await store.create(kept, { began: 1 });
    await inner.create({ ...broken, body: "plain" }, { began: 1 });
    expect((await store.list("AAAAAAAAAAAA" as never)).rows).toEqual([kept]);
  });

  it("a plain live body is no session unless the roll-out says so; an ended one tells its reason", async () => {
    const { store, inner, row } = vault();
    const plain = row('{"v":1,"s":"ada"}');
    await inner.create(plain);
    expect(await store.read(plain.id)).toBeNull();
    expect(await encryptStore(inner, { keys: KEYS, acceptPlain: true }).read(plain.id)).toEqual(plain);
    await inner.end(plain.id, testTombstone({ body: '{"v":1,"ended":"logout"}' }, plain.createdAt));
    expect((await store.read(plain.id))?.body).toBe('{"v":1,"ended":"logout"}');
    // What claims to be a tombstone of ours is one only with our signature.
    for (const body of ["t1.7.AAAA.live", `t1.7.${"A".repeat(43)}.{"v":1,"s":"eve"}`, "t1.7.AAAA"]) {
      const forged = row(body);
      await inner.create(forged);
      expect(await store.read(forged.id)).toBeNull();
    }
  });

  it("[G01] keys roll: new rows take the active one, a retired one reads on, an unknown one is unavailable and never null", async () => {
    const before = { ...KEYS, keys: [keyOf(1, "active")] };
    const { inner, store, stored, row } = vault(before);
    const old = row("old");
    await store.create(old, { began: 1 });
    const after = encryptStore(inner, { keys: { ...KEYS, keys: [keyOf(1, "retired"), keyOf(2, "active")] } });
    expect(await after.read(old.id)).toEqual(old);
    await after.update({ ...old, revision: 1, body: "new" }, 0);
    expect((await stored(old.id)).body).toMatch(/^e1\.2\./);
    await expect(store.read(old.id)).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.list(old.id.slice(0, 12) as never)).rejects.toMatchObject({ code: "unavailable" });
    await after.end(old.id, testTombstone({}, old.createdAt));
    await expect(store.read(old.id)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("[G05] every write has a random IV, and every id a key of its own", async () => {
    const keys: string[] = [];
    const ivs: string[] = [];
    const engine = { ...engines.node, seal: (...args: Parameters<typeof engines.node.seal>) => (keys.push(hex((args[0] as KeyObject).export()) ?? ""), ivs.push(hex(args[1]) ?? ""), engines.node.seal(...args)) };
    const cipher = createBodyCipher(createKeyRing(KEYS, "default"), "default", engine, false);
    const ids = Array.from({ length: 20 }, () => testId());
    for (const id of ids) for (let i = 0; i < 10; i++) await cipher.encrypt(id, "the same");
    expect(new Set(keys).size).toBe(20);
    expect(new Set(ivs).size).toBe(200);
    expect(ivs.every((iv) => iv.length === 24)).toBe(true);
  });

  it("has the powers of the store inside and no others, and carries a register", async () => {
    const { list: _list, endAll: _endAll, sweep: _sweep, ...plain } = createMemoryStore();
    const bare = encryptStore(plain, { keys: KEYS });
    expect(["list", "endAll", "sweep"].filter((verb) => verb in bare)).toEqual([]);
    const { store, clock } = vault();
    expect(await store.sweep(clock.now())).toBe(0);
    const register = createRegister({ store, keys: KEYS, clock });
    expect([await register.once("jti", MINUTE), await register.once("jti", MINUTE)]).toEqual([true, false]);
    await register.link("sid", "A".repeat(24) as SessionId, MINUTE);
    expect(await register.linked("sid")).toEqual(["A".repeat(24)]);
  });
});
