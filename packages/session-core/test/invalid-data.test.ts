import { describe, expect, it, vi } from "vitest";
import { createSessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { KEYS, request, signedIn, world } from "./support.ts";

const nested = (levels: number): unknown => {
  let value: unknown = "x";
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};
const circle: Record<string, unknown> = {};
circle["self"] = circle;

describe("data that cannot be kept", () => {
  it.each([
    ["a bigint", 1n],
    ["a circle", circle],
    ["a frozen circle", Object.freeze({ circle })],
    ["bytes", new Uint8Array(3)],
    ["201 levels", nested(201)],
    ["10,000 levels", nested(10_000)],
  ])("%s: `invalid_data`, and the session stays as it was", async (_name, value) => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const change = request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { value } as never })));
    await expect(change).rejects.toMatchObject({ code: "invalid_data" });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", data: { prefs: {} } });
  });

  it("what is as deep as can be written can be read", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const value = nested(198);
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { value } as never })));
    expect((await request(sessions, jar)).state).toMatchObject({ data: { prefs: { value } } });
  });

  it("__proto__ in data is a key like any other", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const prefs = JSON.parse('{"__proto__":{"admin":"yes"}}') as Record<string, string>;
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs })));
    const { state } = await request(sessions, jar);
    expect(state.kind === "active" && state.data.prefs["admin"]).toBeUndefined();
    expect(state.kind === "active" && Object.keys(state.data.prefs)).toEqual(["__proto__"]);
  });
});

describe("subjects", () => {
  it("half a surrogate pair is refused: such subjects would share their partition", async () => {
    const { sessions } = world();
    const session = await sessions.open(new Headers());
    for (const subject of ["\ud800", "a\udfffb"]) {
      expect(() => session.start(subject)).toThrow(expect.objectContaining({ code: "invalid_data" }));
      await expect(sessions.revokeAll(subject)).rejects.toMatchObject({ code: "invalid_data" });
    }
    session.start("\u{1f511}");
    expect((await session.commit()).state.kind).toBe("active");
  });
});

describe("a cookie for all subdomains", () => {
  it("[B20] has no Domain unless one is given, and giving one warns", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    createSessions({ store: createMemoryStore(), keys: KEYS });
    expect(warn).not.toHaveBeenCalled();
    createSessions({ store: createMemoryStore(), keys: KEYS, cookie: { prefix: "__Secure-", domain: "example.com" } });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("subdomain"));
    warn.mockRestore();
  });
});
