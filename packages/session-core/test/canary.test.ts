import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { type CookieChange, createSessions, HoldfastError, reject, type SessionEvent } from "../src/index.ts";
import { createCsrfTokens } from "../src/csrf.ts";
import { encryptStore } from "../src/encrypted.ts";
import { createMemoryStore } from "../src/memory.ts";
import { createRegister } from "../src/register.ts";
import { createSignals } from "../src/signals.ts";
import { createOtelListener } from "../src/otel.ts";
import { type Data, HOUR, INITIAL, Jar, KEYS, MINUTE, request, testClock } from "./support.ts";

/** The ways in which bytes get into a log. */
const forms = (bytes: Uint8Array): string[] => {
  const buffer = Buffer.from(bytes);
  return [buffer.toString("base64url"), buffer.toString("base64"), buffer.toString("hex"), [...bytes].join(", "), [...bytes].join(",")];
};

/** Of the secret in a credential (bytes 24 to 56) and its tag: in four parts and every form, in case only a part got out. */
function traces(credential: string): string[] {
  const bytes = Buffer.from(credential, "base64url");
  expect(bytes).toHaveLength(72);
  const parts = [0, 1, 2, 3].map((i) => bytes.subarray(24 + i * 12, 36 + i * 12));
  return [credential, ...parts.flatMap(forms)];
}
const keyTraces = [KEYS.subjectKey, ...KEYS.keys.map(({ secret }) => secret)].flatMap((key) => [key, ...forms(Buffer.from(key, "base64url").subarray(0, 12))]);

/** Everything a careless program could print of a value. */
function printed(value: unknown): string {
  const json = (): string => {
    try {
      return JSON.stringify(value) ?? "";
    } catch {
      return "";
    }
  };
  const all = [inspect(value, { depth: 9, showHidden: true, showProxy: true }), inspect(value), json(), String(value)];
  if (typeof value === "object" && value !== null) all.push(inspect({ ...value }, { depth: 9 }), Object.values(value).map(String).join());
  if (value instanceof Error) all.push(String(value.stack), inspect(value.cause, { depth: 9, showHidden: true }));
  return all.join("\n");
}

describe("what reaches the application", () => {
  it("[M02] [G11] prints no credential, no cookie value and no key, whatever is printed in a whole life", async () => {
    const seen: unknown[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const) vi.spyOn(console, method).mockImplementation((...args) => void seen.push(args));
    const clock = testClock();
    const store = encryptStore(createMemoryStore({ clock }), { keys: KEYS });
    const broken = { on: false };
    const failing = new Proxy(store, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" && broken.on ? () => Promise.reject(new Error("down")) : value;
      },
    });
    const csrf = createCsrfTokens({ keys: KEYS });
    const signals = createSignals({ keys: KEYS });
    const register = createRegister({ store, keys: KEYS, clock });
    const logger = { emit: (event: unknown) => void seen.push(event) };
    const sessions = createSessions<Data>({
      store: failing, keys: KEYS, clock, csrf, signals, initial: INITIAL, project: (state) => state,
      policy: { remember: { idle: 9 * HOUR, absolute: 48 * HOUR }, concurrent: { max: 3, whenFull: "evict-oldest" } },
      onEvent: createOtelListener(logger, { sessionId: true }),
    });
    sessions.on((event: SessionEvent) => void seen.push(event));
    sessions.on(() => {
      throw new Error("listener");
    });
    seen.push(sessions, csrf, signals, register, sessions.policy, sessions.cookie, sessions.csrf);

    const credentials = new Set<string>();
    const changes: CookieChange[] = [];
    const jar = new Jar();
    const visit = async (act: Parameters<typeof request<Data>>[2] = undefined, headers: Record<string, string> = {}): Promise<void> => {
      const session = await sessions.open(jar.headers(headers), { address: "192.0.2.1" });
      seen.push(session, session.state, session.presentedIds);
      try {
        act?.(session);
        const committed = await session.commit();
        seen.push(committed, committed.cookies, committed.state, committed.headers, sessions.view(committed.state));
        changes.push(...committed.cookies);
        for (const { value } of committed.cookies) if (value !== "") credentials.add(value);
        jar.take(committed.cookies);
      } catch (error) {
        seen.push(error);
      }
    };
    await visit();
    await visit((s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    await visit((s) => s.start("ada", {}, { carry: ["cart"], remember: true, device: "a phone" }));
    await visit((s) => s.elevate({ acr: "high", reauthenticated: true }));
    await visit();
    const thief = jar.copy();
    for (let i = 0; i < 3; i++) {
      clock.advance(11 * MINUTE);
      await visit();
    }
    await visit((s) => s.update(() => reject("no")));
    await visit((s) => s.update(() => 1n as never));
    await visit((s) => s.update((d) => ({ ...d, cart: ["x".repeat(20_000)] })));
    await visit((s) => s.start("ada", {}, { resume: true }));
    seen.push(await sessions.open(thief.headers()));
    await visit();
    const bearers = [];
    for (let i = 0; i < 4; i++) bearers.push(await sessions.issue(i === 3 ? "bob" : "ada"));
    const bearer = bearers[3] ?? expect.unreachable();
    clock.advance(2 * MINUTE);
    const used = await sessions.open(bearer.credential.reveal());
    used.elevate({ acr: "high" });
    const elevated = await used.commit();
    seen.push(...bearers, used, elevated, elevated.credential, `${String(bearer.credential)}`, new Error(`for ${bearer.credential}`));
    for (const { credential } of bearers) credentials.add(credential.reveal());
    credentials.add(elevated.credential?.reveal() ?? expect.unreachable());
    seen.push(await sessions.list("ada"), await sessions.get(bearer.state.id), sessions.watch(bearer.state.id, { signal: AbortSignal.abort() }));
    // Error paths: forged, doubled, damaged, of an unknown key, used after their time, and a store that is down.
    for (const credential of credentials) {
      const changed = `${credential.slice(0, -1)}${credential.endsWith("A") ? "B" : "A"}`;
      const bytes = Buffer.from(credential, "base64url");
      bytes[20] = 99;
      for (const text of [credential, changed, credential.slice(1), bytes.toString("base64url")]) {
        for (const source of [text, new Headers({ cookie: `__Host-sid-b=${text}; __Host-sid-b=${text}` }), new Headers({ cookie: `__Host-sid-c=${text}` })]) {
          const session = await sessions.open(source);
          seen.push(session, session.state);
          try {
            session.update((d) => ({ ...d, cart: [] }));
            await session.commit();
          } catch (error) {
            seen.push(error);
          }
        }
      }
    }
    broken.on = true;
    for (const work of [() => sessions.open(jar.headers()), () => sessions.list("ada"), () => sessions.issue("ada"), () => sessions.revokeAll("ada")]) seen.push(await work().catch((error: unknown) => error));
    broken.on = false;
    await visit((s) => s.start("ada"));
    await visit((s) => s.end());
    await visit((s) => s.elevate({ acr: "high" }));
    seen.push(await sessions.revokeEverything(), await sessions.sweep());
    for (const keys of [{ ...KEYS, keys: [...KEYS.keys, ...KEYS.keys] }, { ...KEYS, keys: [{ ...KEYS.keys[0], secret: `${KEYS.keys[0]?.secret}!` }] }, { ...KEYS, subjectKey: KEYS.subjectKey.slice(1) }]) {
      try {
        createSessions({ store, keys: keys as never });
      } catch (error) {
        seen.push(error);
      }
    }
    vi.restoreAllMocks();

    const types = new Set(seen.map((one) => (one as Partial<SessionEvent>)?.type));
    for (const type of ["session_created", "session_renewed", "session_elevated", "session_logout", "credential_rejected", "credential_indeterminate", "session_reuse_detected", "excess_sessions_exceeded", "store_failed"]) expect(types).toContain(type);
    const codes = new Set(seen.map((one) => one instanceof HoldfastError && one.code));
    for (const code of ["rejected", "invalid_data", "data_too_large", "unavailable", "config", "no_session"]) expect(codes).toContain(code);
    expect(credentials.size).toBeGreaterThanOrEqual(9);
    const text = seen.map(printed).join("\n").replaceAll(/\s+/g, " ");
    for (const trace of [...[...credentials].flatMap(traces), ...keyTraces]) expect(text.includes(trace), trace).toBe(false);
    // The search finds what there is to find.
    expect(text).toContain("[secret]");
    for (const { name, value, header } of changes) {
      expect(text).toContain(name);
      expect(header).toContain(`${name}=${value}; Path=/`);
    }
  });

  it("[M02] a Secret gives its text to who asks for it, and to nobody else", async () => {
    const sessions = createSessions({ store: createMemoryStore(), keys: KEYS });
    const { credential } = await sessions.issue("ada");
    expect(credential.reveal()).toMatch(/^[\w-]{96}$/);
    expect([String(credential), `${credential}`, JSON.stringify({ credential }), inspect(credential), inspect({ credential })]).toEqual(["[secret]", "[secret]", '{"credential":"[secret]"}', "[secret]", "{ credential: [secret] }"]);
    expect(() => Object.assign(credential, { toString: credential.reveal })).toThrow(TypeError);
  });

  it("[M02] the fields of an event cannot break out of a line of a log, and its time is a number in UTC", async () => {
    const lines: string[] = [];
    const sessions = createSessions<Data>({ store: createMemoryStore(), keys: KEYS, initial: INITIAL, onEvent: (event) => void lines.push(JSON.stringify(event)) });
    const evil = "ada lovelace\r\n{\"type\":\"session_created\"}\u2028";
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start(evil, {}, { device: evil, acr: evil, amr: [evil] }));
    await request(sessions, jar, undefined, { "user-agent": "x\u0085y", "x-forwarded-for": "1\u0085" });
    await sessions.open(new Headers({ cookie: "__Host-sid-a=\"x\u0085" }));
    await sessions.revokeAll(evil);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) {
      expect(line).not.toMatch(/[\r\n\u0085\u2028\u2029]|session_created.*session_created/);
      expect(line).not.toContain("lovelace");
      expect((JSON.parse(line) as SessionEvent).at).toBeTypeOf("number");
    }
  });
});
