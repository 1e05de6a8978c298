import { describe, expect, it } from "vitest";
import { createSessions, generateKeys, HoldfastError, type SessionEvent } from "../src/index.ts";
import { addKey, nextKeyStep, promoteKey, removeKey, replaceKeys } from "../src/keys.ts";
import { createMemoryStore } from "../src/memory.ts";
import { sealedSessions } from "../src/sealed.ts";
import { type Data, HOUR, INITIAL, KEYS, keyOf, MINUTE, request, signedIn, testClock } from "./support.ts";

const START = Date.UTC(2026, 0, 1);
const states = (file: typeof KEYS): string[] => file.keys.map(({ id, state }) => `${id} ${state}`);
const fault = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof HoldfastError && error.code === "config" ? error.option : String(error);
  }
};

describe("the steps of a key roll-out", () => {
  it("[G01] add, promote, remove: one active key at every step, the others verify", () => {
    const first = generateKeys(START);
    const added = addKey(first, { now: START + HOUR });
    const promoted = promoteKey(added, { now: START + 2 * HOUR });
    const removed = removeKey(promoted, 1, { policy: { guest: { idle: HOUR, absolute: 8 * HOUR } }, now: START + 11 * HOUR });
    expect([first, added, promoted, removed].map(states)).toEqual([["1 active"], ["1 active", "2 next"], ["1 retired", "2 active"], ["2 active"]]);
    expect(promoted.keys.map(({ since }) => since)).toEqual([START + 2 * HOUR, START + 2 * HOUR]);
    expect(removed.subjectKey).toBe(first.subjectKey);
    expect(new Set(promoted.keys.map(({ secret }) => Buffer.from(secret, "base64url").length))).toEqual(new Set([32]));
    expect(states(first)).toEqual(["1 active"]);
  });

  it("[G01] after a leak everything is new, and what the old keys made is refused at once, sealed or not, by servers that have the new file", async () => {
    const clock = testClock(START);
    const leaked = promoteKey(addKey(generateKeys(START), { now: START }), { now: START + HOUR });
    const mended = replaceKeys(leaked, { now: START + 2 * HOUR });
    expect(states(mended)).toEqual(["1 retired", "2 retired", "3 active"]);
    expect(new Set([leaked, mended].flatMap(({ subjectKey, keys }) => [subjectKey, ...keys.map(({ secret }) => secret)])).size).toBe(7);
    for (const store of [createMemoryStore({ clock }), sealedSessions()]) {
      const jar = await signedIn(createSessions<Data>({ store, keys: leaked, initial: INITIAL, clock }));
      const sessions = createSessions<Data>({ store, keys: mended, initial: INITIAL, clock });
      expect((await sessions.open(jar.headers())).state).toEqual({ kind: "none" });
      await request(sessions, jar, (s) => s.start("ada"));
      expect((await request(sessions, jar)).state.kind).toBe("active");
      // A server that still has the old file waits for the new one.
      expect((await createSessions<Data>({ store, keys: leaked, initial: INITIAL, clock }).open(jar.headers())).state).toEqual({ kind: "none", refused: "indeterminate" });
    }
    expect(fault(() => replaceKeys({ ...leaked, keys: [] }))).toBe("keys");
  });

  it("[G02] a key stays until the longest session it may have signed is over: five minutes for servers that got the file late, and 5 s for the clocks", () => {
    const promoted = promoteKey(addKey(generateKeys(START), { now: START }), { now: START + HOUR });
    const remove = (policy: Parameters<typeof removeKey>[2]["policy"], after: number) => fault(() => removeKey(promoted, 1, { policy, now: START + HOUR + after }));
    const guest = { idle: HOUR, absolute: 2 * HOUR };
    const more = 5 * MINUTE + 5000;
    expect(remove({ guest }, 8 * HOUR)).toBe("keys[id 1]");
    expect(remove({ guest }, 8 * HOUR + more - 1)).toBe("keys[id 1]");
    expect(remove({ guest }, 8 * HOUR + more)).toBeUndefined();
    expect(remove({ guest, absolute: 12 * HOUR }, 8 * HOUR + more)).toBe("keys[id 1]");
    // Guests live longer than members by default, and what a profile says counts.
    expect(remove(undefined, 29 * 24 * HOUR)).toBe("keys[id 1]");
    expect(remove(undefined, 30 * 24 * HOUR + more)).toBeUndefined();
    expect(remove({ profile: "nistAal2", guest }, 23 * HOUR)).toBe("keys[id 1]");
    expect(() => removeKey(promoted, 1, { policy: { guest }, now: START })).toThrow("2026-01-01T09:05:05.000Z");
  });

  it("[G02] sessions that outlive the browser count too", () => {
    const promoted = promoteKey(addKey(generateKeys(START), { now: START }), { now: START + HOUR });
    const policy = { guest: { idle: HOUR, absolute: 2 * HOUR }, remember: { idle: 24 * HOUR, absolute: 72 * HOUR } };
    expect(fault(() => removeKey(promoted, 1, { policy, now: START + 72 * HOUR }))).toBe("keys[id 1]");
    expect(fault(() => removeKey(promoted, 1, { policy, now: START + 74 * HOUR }))).toBeUndefined();
  });

  it("a promotion keeps the dates of keys that were retired before", () => {
    const ring = { ...KEYS, keys: [{ ...keyOf(1, "retired"), since: START }, keyOf(2, "active"), keyOf(3, "next")] };
    const promoted = promoteKey(ring, { now: START + HOUR });
    expect(states(promoted)).toEqual(["1 retired", "2 retired", "3 active"]);
    expect(promoted.keys.map(({ since }) => since - START)).toEqual([0, HOUR, HOUR]);
  });

  it("[G01] what would make requests fail is refused", () => {
    const added = addKey(KEYS, { now: START });
    expect(fault(() => addKey(added))).toBe("keys");
    expect(fault(() => promoteKey(KEYS))).toBe("keys");
    expect(fault(() => promoteKey(added, { now: START + 5 * MINUTE - 1 }))).toBe("keys[id 8]");
    expect(fault(() => promoteKey(added, { now: START + 5 * MINUTE }))).toBeUndefined();
    for (const id of [7, 8, 9]) expect(fault(() => removeKey(added, id, { policy: undefined, now: START + 999 * 24 * HOUR }))).toBe(`keys[id ${id}]`);
    expect(fault(() => addKey({ ...KEYS, keys: [] }))).toBe("keys");
  });

  it("[G01] says what comes next and from when on; that step works then and not before, unless it is forced", () => {
    const policy = { guest: { idle: HOUR, absolute: 2 * HOUR } };
    const first = generateKeys(START);
    expect(nextKeyStep(first, { policy })).toEqual({ step: "add", from: START });
    const added = addKey(first, { now: START });
    const promotion = nextKeyStep(added, { policy });
    expect(promotion).toEqual({ step: "promote", id: 2, from: START + 5 * MINUTE });
    expect(fault(() => promoteKey(added, { now: promotion.from - 1 }))).toBe("keys[id 2]");
    expect(states(promoteKey(added, { now: promotion.from - 1, force: true }))).toEqual(["1 retired", "2 active"]);
    const promoted = promoteKey(added, { now: promotion.from });
    const removal = nextKeyStep(promoted, { policy });
    expect(removal).toEqual({ step: "remove", id: 1, from: START + 8 * HOUR + 10 * MINUTE + 5000 });
    expect(fault(() => removeKey(promoted, 1, { policy, now: removal.from - 1 }))).toBe("keys[id 1]");
    expect(states(removeKey(promoted, 1, { policy, now: removal.from - 1, force: true }))).toEqual(["2 active"]);
    expect(states(removeKey(promoted, 1, { policy, now: removal.from }))).toEqual(["2 active"]);
    // The key on its way in comes first, then the one that was retired first.
    const again = addKey(promoted, { now: START + HOUR });
    expect(nextKeyStep(again, { policy })).toMatchObject({ step: "promote", id: 3 });
    expect(nextKeyStep(promoteKey(again, { now: START + 2 * HOUR }), { policy })).toMatchObject({ step: "remove", id: 1 });
    expect(fault(() => nextKeyStep({ ...first, keys: [] }, { policy }))).toBe("keys");
  });

  it("[G02] a retired key that was taken out by hand is missed at construction, until removeKey has taken it out", () => {
    const policy = { guest: { idle: HOUR, absolute: 2 * HOUR } };
    const promoted = promoteKey(addKey(generateKeys(START), { now: START }), { now: START + HOUR });
    expect(promoted.keys.map(({ after }) => after)).toEqual([undefined, 1]);
    const edited = { ...promoted, keys: promoted.keys.filter(({ id }) => id !== 1) };
    const construct = (keys: typeof KEYS) => fault(() => createSessions({ store: createMemoryStore(), keys }));
    expect([construct(edited), construct(promoted)]).toEqual(["keys", undefined]);
    expect(() => createSessions({ store: sealedSessions(), keys: edited })).toThrow("lack key 1");
    const removed = removeKey(promoted, 1, { policy, now: START + 24 * HOUR });
    expect([removed.keys.map(({ after }) => after), construct(removed)]).toEqual([[undefined], undefined]);
    // Two rotations in a row: the one that signed last has to be there.
    const twice = promoteKey(addKey(promoted, { now: START + 2 * HOUR }), { now: START + 3 * HOUR });
    expect(construct(removeKey(twice, 1, { policy, now: START + 24 * HOUR }))).toBeUndefined();
    expect(construct({ ...twice, keys: twice.keys.filter(({ id }) => id !== 2) })).toBe("keys");
    expect(construct(removeKey(twice, 2, { policy, force: true }))).toBeUndefined();
  });

  it("[G01] an old key that still has traffic is told once a minute, by sessions in a store and by sealed ones", async () => {
    const first = generateKeys(START);
    const added = addKey(first, { now: START });
    const promoted = promoteKey(added, { now: START + 5 * MINUTE });
    for (const sealed of [false, true]) {
      const clock = testClock();
      const memory = createMemoryStore({ clock });
      const events: SessionEvent[] = [];
      const server = (keys: typeof KEYS) => createSessions<Data>({ keys, initial: INITIAL, clock, store: sealed ? sealedSessions() : memory, onEvent: (event) => void (event.type === "session_old_key" && events.push(event)) });
      const jars = [await signedIn(server(added)), await signedIn(server(added), "bob")];
      clock.advance(10 * MINUTE);
      const sessions = server(promoted);
      const look = () => Promise.all(jars.map((jar) => sessions.open(jar.headers())));
      expect(events).toEqual([]);
      await look();
      await look();
      expect(events).toEqual([{ type: "session_old_key", keyId: 1, at: clock.now() }]);
      clock.advance(MINUTE);
      await look();
      expect(events).toHaveLength(2);
      // The answers bring credentials of the active key, and it is silent.
      for (const jar of jars) await request(sessions, jar);
      clock.advance(MINUTE);
      const before = events.length;
      expect((await look()).map(({ state }) => state.kind)).toEqual(["active", "active"]);
      expect(events).toHaveLength(before);
    }
  });

  it("[F14] [G11] a key shorter than the hash, or a password, makes no ring, and the message does not say it", () => {
    const secrets = ["", "canary", "correct horse battery staple, and then some more", Buffer.alloc(31, 7).toString("base64url"), Buffer.alloc(32, 7).toString("base64"), undefined, 7];
    for (const secret of secrets) {
      for (const file of [{ ...KEYS, keys: [{ id: 7, secret, state: "active", since: 0 }] }, { ...KEYS, subjectKey: secret }] as unknown as (typeof KEYS)[]) {
        const construct = (): unknown => createSessions({ store: createMemoryStore(), keys: file });
        expect(fault(construct), String(secret)).toMatch(/^keys(\[id 7\]\.secret|\.subjectKey)$/);
        if (typeof secret === "string" && secret.length > 5) expect(construct).not.toThrow(secret);
      }
    }
  });

  it("ids go round after 65535 and are never used twice", () => {
    const ring = { ...KEYS, keys: [keyOf(65_535, "active"), keyOf(1, "retired")] };
    expect(states(addKey(ring)).at(-1)).toBe("2 next");
  });
});
