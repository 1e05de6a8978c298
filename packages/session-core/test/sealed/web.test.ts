import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, KEYS, keyOf, MINUTE, request, signedIn, testClock } from "../support.ts";
import { headersOf, sealedWorld } from "./support.ts";

describe("where only WebCrypto is there, as on Workers", () => {
  beforeEach(() => void vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" }));
  afterEach(() => void vi.unstubAllGlobals());
  const spied = () => vi.spyOn(crypto.subtle, "decrypt");

  it("the same cookies open, in both directions", async () => {
    const clock = testClock();
    const web = sealedWorld({ clock }).sessions;
    vi.unstubAllGlobals();
    const node = sealedWorld({ clock }).sessions;
    const jar = await signedIn(node);
    expect((await request(web, jar, (s) => s.update((d) => ({ ...d, cart: ["rope"] })))).state).toMatchObject({ kind: "active" });
    expect((await request(node, jar, (s) => s.elevate({ acr: "high" }))).state).toMatchObject({ data: { cart: ["rope"] } });
    expect((await request(web, jar)).state).toMatchObject({ acr: "high", data: { cart: ["rope"] } });
  });

  it("a lazy session opens nothing until it is loaded, and then once", async () => {
    const { sessions, clock } = sealedWorld();
    const jar = await signedIn(sessions);
    const decrypt = spied();
    const lazy = sessions.prepare(jar.headers());
    expect([lazy.transport, lazy.presentedIds, (await lazy.commit()).cookies]).toEqual(["cookie", [], []]);
    expect(decrypt).not.toHaveBeenCalled();
    const session = sessions.prepare(jar.headers());
    const state = await session.load();
    expect([state.kind, session.presentedIds.length, decrypt.mock.calls.length]).toEqual(["active", 1, 1]);
    // Remembered: its expiry and key are asked for again all the same.
    expect((await request(sessions, jar)).state.kind).toBe("active");
    clock.advance(30 * MINUTE);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
    expect(decrypt).toHaveBeenCalledTimes(1);
    decrypt.mockRestore();
  });

  it("a forged one is rejected and an unknown key decides nothing, with their events", async () => {
    const { sessions, events } = sealedWorld();
    const jar = await signedIn(sessions);
    const [[name = "", value = ""] = []] = jar.cookies;
    expect((await sessions.open(headersOf([{ name, value: `${value.slice(0, -8)}AAAAAAAA` }]))).state).toEqual({ kind: "none" });
    const other = sealedWorld({ keys: { ...KEYS, keys: [keyOf(2, "active")] } });
    expect((await other.sessions.open(jar.headers())).state).toEqual({ kind: "none", refused: "indeterminate" });
    expect([events.at(-1), other.events]).toMatchObject([{ type: "credential_rejected", why: "forged" }, [{ type: "credential_indeterminate", keyId: 7 }]]);
  });
});

it("[G11] prints no cookie, no key and no data, whatever is printed", async () => {
  const seen: unknown[] = [];
  const { sessions, events } = sealedWorld({ sealed: { maxCookies: 1 } });
  const jar = new Jar();
  const values: string[] = [];
  for (const act of [(s: { start: (subject: string) => void }) => s.start("ada"), undefined]) {
    const session = await sessions.open(jar.headers());
    act?.(session);
    const committed = await session.commit();
    seen.push(session, committed, committed.cookies);
    jar.take(committed.cookies);
    values.push(...jar.cookies.values());
  }
  const session = await sessions.open(jar.headers());
  session.update((d) => ({ ...d, prefs: { note: "canary".repeat(900) } }));
  seen.push(await session.commit().catch((error: unknown) => error), events, sessions, session);
  const text = seen.map((one) => inspect(one, { depth: 9, showHidden: true }) + JSON.stringify(one)).join("\n");
  expect(text).toContain("data_too_large");
  expect(text).not.toContain("canary");
  for (const secret of [...values, ...KEYS.keys.map(({ secret }) => secret)]) for (const part of [secret, secret.slice(-30)]) expect(text).not.toContain(part);
});
