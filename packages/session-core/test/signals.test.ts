import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../src/index.ts";
import { createSignals, type SignalsOptions } from "../src/signals.ts";
import { Jar, KEYS, MINUTE, world } from "./support.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0";
const FIREFOX_NEXT = FIREFOX.replaceAll("121", "122");
const CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const HOME = "198.51.100.20";
const CAFE = "203.0.113.5";

interface Place {
  readonly address?: string;
  readonly agent?: string;
  readonly forwarded?: string;
}

function place(options: Partial<SignalsOptions> = {}, more: Parameters<typeof world>[0] = {}) {
  const it = world({ signals: createSignals({ keys: KEYS, ...options }), ...more });
  type Session = Awaited<ReturnType<typeof it.sessions.open>>;
  const from = async (jar: Jar, { address = HOME, agent = FIREFOX, forwarded }: Place, act: (session: Session) => void = () => undefined) => {
    const headers = jar.headers({ "user-agent": agent, ...(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }) });
    const session = await it.sessions.open(headers, { address });
    const { state } = session;
    act(session);
    const committed = await session.commit();
    jar.take(committed.cookies);
    return { before: state, ...committed };
  };
  const signIn = async (at: Place = {}): Promise<Jar> => {
    const jar = new Jar();
    await from(jar, at, (s) => s.start("ada"));
    return jar;
  };
  return { ...it, from, signIn };
}

const changes = (events: readonly SessionEvent[]) => events.filter(({ type }) => type === "session_signal_changed");

describe("binding signals", () => {
  it("[I19] by default a change is seen and told, and nobody is signed out: /24 of IPv4, /56 of IPv6, the browser family", async () => {
    const { from, signIn, events } = place();
    const jar = await signIn();
    for (const same of [{}, { address: "198.51.100.251" }, { address: "::ffff:198.51.100.2" }, { agent: FIREFOX_NEXT }]) {
      expect((await from(jar, same)).state).toMatchObject({ kind: "active", signals: [], suspect: false });
    }
    expect(changes(events)).toEqual([]);
    expect((await from(jar, { address: CAFE })).state).toMatchObject({ kind: "active", signals: ["ip"], suspect: false });
    expect((await from(jar, { agent: CHROME })).state).toMatchObject({ kind: "active", signals: ["userAgent"], suspect: false });
    expect((await from(jar, { address: CAFE, agent: "" })).state).toMatchObject({ signals: ["ip", "userAgent"] });
    expect((await from(jar, {})).state).toMatchObject({ signals: [] });
    expect(changes(events)).toMatchObject([{ signals: ["ip"], action: "observe" }, { signals: ["userAgent"] }, { signals: ["ip", "userAgent"] }]);
    const six = await signIn({ address: "2001:db8:1:2::1" });
    expect((await from(six, { address: "2001:db8:1:ff:9::1" })).state).toMatchObject({ signals: [] });
    expect((await from(six, { address: "2001:db8:1:100::1" })).state).toMatchObject({ signals: ["ip"] });
  });

  it("[I19] a change is told once, not with every request", async () => {
    const { from, signIn, events } = place();
    const jar = await signIn();
    for (let i = 0; i < 5; i++) await from(jar, { address: CAFE });
    expect(changes(events)).toHaveLength(1);
    await from(jar, { address: "192.0.2.1" });
    await from(jar, { address: CAFE });
    expect(changes(events)).toHaveLength(3);
  });

  it("[I19] elevate: suspect until the person signs in again, at the new place only, and not for the old credential", async () => {
    const { from, signIn, store, clock } = place({ ip: "elevate" });
    const jar = await signIn();
    store.calls.length = 0;
    expect((await from(jar, { address: CAFE })).state).toMatchObject({ kind: "active", signals: ["ip"], suspect: true });
    expect(store.calls).toEqual(["read"]);
    await from(jar, { address: CAFE }, (s) => s.elevate({ acr: "role" }));
    expect((await from(jar, { address: CAFE })).state).toMatchObject({ suspect: true, acr: "role" });
    const old = jar.copy();
    const { state } = await from(jar, { address: CAFE }, (s) => s.elevate({ reauthenticated: true }));
    expect(state).toMatchObject({ signals: [], suspect: false });
    expect((await from(old, { address: CAFE })).state).toMatchObject({ suspect: true });
    expect((await from(jar, { address: CAFE })).state).toMatchObject({ kind: "active", signals: [], suspect: false });
    clock.advance(MINUTE);
    expect((await from(jar, { address: HOME })).state).toMatchObject({ signals: ["ip"], suspect: true });
    expect((await from(jar, { agent: CHROME, address: CAFE })).state).toMatchObject({ signals: ["userAgent"], suspect: false });
  });

  it("[I19] revoke is opt-in: the session ends for everybody, with the event first", async () => {
    const { from, signIn, events } = place({ userAgent: "revoke", ip: "observe" });
    const jar = await signIn();
    expect((await from(jar.copy(), { agent: FIREFOX_NEXT, address: CAFE })).state).toMatchObject({ kind: "active", signals: ["ip"] });
    expect((await from(jar.copy(), { agent: CHROME })).state).toEqual({ kind: "none", ended: "revoked" });
    expect((await from(jar, {})).state).toEqual({ kind: "none", ended: "revoked" });
    expect(changes(events).at(-1)).toMatchObject({ signals: ["userAgent"], action: "revoke" });
  });

  it("[I19] a sign-in and a re-authentication take them anew; a guest and what cannot be said are not compared", async () => {
    const { from, signIn, sessions, events } = place({ ip: "revoke", userAgent: "revoke" });
    const jar = new Jar();
    await from(jar, {}, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    expect((await from(jar, { address: CAFE, agent: CHROME })).state.kind).toBe("guest");
    await from(jar, { address: CAFE, agent: CHROME }, (s) => s.start("ada"));
    expect((await from(jar, { address: CAFE, agent: CHROME })).state).toMatchObject({ kind: "active", signals: [] });
    const unknown = await signIn();
    const session = await sessions.open(new Headers({ cookie: unknown.header, "user-agent": FIREFOX }));
    expect(session.state.kind).toBe("active");
    const { credential } = await sessions.issue("ada");
    expect((await sessions.open(credential.reveal())).state.kind).toBe("active");
    expect(changes(events)).toEqual([]);
  });

  it("[I19] address headers count only behind a trusted proxy", async () => {
    const { from, signIn } = place({ trustedProxies: ["10.0.0.0/8"] });
    const jar = await signIn({ address: "10.0.0.1", forwarded: HOME });
    expect((await from(jar, { address: "10.0.0.2", forwarded: `1.1.1.1, ${HOME}` })).state).toMatchObject({ signals: [] });
    expect((await from(jar, { address: "10.0.0.2", forwarded: `${HOME}, ${CAFE}` })).state).toMatchObject({ signals: ["ip"] });
    expect((await from(jar, { address: CAFE, forwarded: HOME })).state).toMatchObject({ signals: ["ip"] });
  });

  it("the row holds short hashes that differ between sessions and keys, and neither address nor user agent", async () => {
    const { signIn, sessions, store, from } = place();
    await signIn();
    await signIn();
    const other = await signIn();
    await from(other, {}, (s) => s.elevate({ reauthenticated: true }));
    const rows = await Promise.all((await sessions.list("ada")).map(({ id }) => store.read(id)));
    const marks = rows.map((row) => (JSON.parse(row?.body ?? "{}") as { sg: Record<string, string> }).sg);
    expect(new Set(marks.map(({ ip }) => ip)).size).toBe(3);
    expect(marks.every((mark) => Object.values(mark).every((hash) => /^[\w-]{8}$/.test(hash)))).toBe(true);
    const text = JSON.stringify(rows);
    for (const clear of [HOME, "198.51", "198,51", "Firefox", "firefox", "linux"]) expect(text).not.toContain(clear);
  });

  it("marks of a damaged row are as good as none", async () => {
    const { signIn, sessions, store, from, clock } = place({ ip: "revoke" });
    for (const damage of [null, 5, "x", [], { ip: 7 }]) {
      const jar = await signIn();
      const [{ id } = { id: "" as never }] = await sessions.list("ada");
      const row = await store.read(id);
      if (!row) return expect.unreachable();
      await store.update({ ...row, body: JSON.stringify({ ...(JSON.parse(row.body) as object), sg: damage }) }, row.revision);
      if (!(damage !== null && typeof damage === "object" && "ip" in damage)) expect((await from(jar, { address: CAFE })).state.kind).toBe("active");
      else expect((await from(jar, { address: CAFE })).state).toMatchObject({ ended: "revoked" });
      await sessions.revokeAll("ada");
      clock.advance(1);
    }
  });

  it("refuses wrong options", () => {
    const fault = (options: Record<string, unknown>): unknown => {
      try {
        createSignals({ keys: KEYS, ...options });
        return "accepted";
      } catch (error) {
        return (error as { option?: string }).option;
      }
    };
    expect(fault({ keys: {} })).toBe("keys.subjectKey");
    expect(fault({ ip: "end" })).toBe("ip");
    expect(fault({ userAgent: true })).toBe("userAgent");
    expect(fault({ ipv4Prefix: 33 })).toBe("ipv4Prefix");
    expect(fault({ ipv6Prefix: 8 })).toBe("ipv6Prefix");
    for (const bad of ["proxy.internal", "10.0.0.0/40", "0.0.0.0/0", "::/0", 7]) expect([bad, fault({ trustedProxies: [bad] })]).toEqual([bad, "trustedProxies"]);
    expect(fault({ ip: "off", trustedProxies: ["10.0.0.0/8", "::1", "fd00::/8"] })).toBe("accepted");
  });
});
