import { generateKeyPairSync, sign as nodeSign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/memory.ts";
import { createLogoutReceiver, createProviderLinks, type JsonWebKeySet, type LogoutReceiverOptions, type TokenEvent } from "../../src/tokens.ts";
import { codeOf, HOUR, KEYS, MINUTE, request, signedIn, world } from "../support.ts";
import { activeKey, claimsAt, craft, headerOf, issued, issuing, KEYS_ES256, START } from "./support.ts";

const PROVIDER = "https://id.test";
const CLIENT = "shop";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const header = { ...headerOf(), typ: "logout+jwt" };
const { keys } = issuing().jwks();

const logoutAt = (now: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: PROVIDER, aud: CLIENT, iat: now / 1000, exp: now / 1000 + 120, jti: `jti-${Math.random()}`, sid: "provider-session", events: { [EVENT]: {} }, ...more,
});
const without = (claims: Record<string, unknown>, name: string): Record<string, unknown> => Object.fromEntries(Object.entries(claims).filter(([member]) => member !== name));

async function federated(options: Partial<LogoutReceiverOptions> = {}) {
  const it = world();
  const links = createProviderLinks({ store: it.store, keys: KEYS, clock: it.clock });
  const events: TokenEvent[] = [];
  const receiver = createLogoutReceiver({ issuer: PROVIDER, clientId: CLIENT, keys: { keys }, sessions: it.sessions, links, clock: it.clock, onEvent: (event) => void events.push(event), ...options });
  const begin = async (sid: string, subject = "ada") => {
    const jar = await signedIn(it.sessions, subject);
    const { state } = await request(it.sessions, jar);
    if (state.kind !== "active") throw new Error("not signed in");
    await links.add({ iss: PROVIDER, sid }, state);
    return { jar, state, stateNow: async () => (await request(it.sessions, jar)).state };
  };
  const receive = async (token: unknown): Promise<string> => {
    const result = await receiver.receive(token);
    return result.outcome === "refused" ? result.reason : result.outcome === "ended" ? `ended ${result.sessions}` : `unavailable: ${result.why}`;
  };
  const send = (more: Record<string, unknown> = {}, head: Record<string, unknown> = {}): Promise<string> => receive(craft({ ...header, ...head }, logoutAt(it.clock.now(), more)));
  return { ...it, links, events, receiver, begin, receive, send };
}

describe("back-channel logout", () => {
  it("[M04] [M05] a token with `sid` only ends the sessions that began with it, and no other", async () => {
    const it = await federated();
    const mine = await it.begin("provider-session");
    const again = await it.begin("provider-session");
    const other = await it.begin("another-session");
    expect(await it.send()).toBe("ended 2");
    expect(await mine.stateNow()).toEqual({ kind: "none", ended: "logout" });
    expect(await again.stateNow()).toEqual({ kind: "none", ended: "logout" });
    expect((await other.stateNow()).kind).toBe("active");
    expect(it.events).toEqual([]);
  });

  it("[M05] with `sub` beside it, `sid` decides; with `sub` only, all sessions of the subject end, sign-ins under way too", async () => {
    const it = await federated({ subjectOf: (sub) => (sub === "provider-ada" ? "ada" : undefined) });
    const one = await it.begin("one");
    const two = await it.begin("two");
    const bob = await it.begin("three", "bob");
    expect(await it.send({ sid: "one", sub: "provider-ada" })).toBe("ended 1");
    expect([(await one.stateNow()).kind, (await two.stateNow()).kind]).toEqual(["none", "active"]);
    expect(await it.receive(craft(header, without(logoutAt(it.clock.now(), { sub: "nobody" }), "sid")))).toBe("ended 0");
    expect((await two.stateNow()).kind).toBe("active");
    expect(await it.receive(craft(header, without(logoutAt(it.clock.now(), { sub: "provider-ada" }), "sid")))).toBe("ended 1");
    expect([(await two.stateNow()).kind, (await bob.stateNow()).kind]).toEqual(["none", "active"]);
    const alone = await federated();
    expect(await alone.receive(craft(header, without(logoutAt(START, { sub: "provider-ada" }), "sid")))).toBe("claims");
  });

  it("[M04] tokens of another kind, issuer or time, with a nonce or without the event are refused, and end nothing", async () => {
    const it = await federated({ subjectOf: () => "ada" });
    const mine = await it.begin("provider-session");
    const now = it.clock.now();
    const cases: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
      ["type", {}, { typ: "JWT" }], ["type", {}, { typ: undefined }], ["type", {}, { typ: "at+jwt" }], ["type", {}, { typ: "secevent+jwt" }],
      ["algorithm", {}, { alg: "none" }], ["algorithm", {}, { alg: "HS256" }], ["algorithm", {}, { alg: "PS256" }], ["key_algorithm", {}, { alg: "RS256" }], ["header", {}, { jku: "https://evil.test" }], ["header", {}, { crit: ["x"], x: 1 }], ["key", {}, { kid: "other" }], ["key", {}, { kid: undefined }],
      ["issuer", { iss: "https://evil.test" }, {}], ["issuer", { iss: `${PROVIDER}/` }, {}], ["audience", { aud: "other" }, {}], ["audience", { aud: ["other"] }, {}],
      ["claims", { aud: undefined }, {}], ["claims", { nonce: "n" }, {}], ["claims", { nonce: null }, {}], ["claims", { events: undefined }, {}], ["claims", { events: {} }, {}], ["claims", { events: { [EVENT]: true } }, {}], ["claims", { events: { [EVENT]: null } }, {}], ["claims", { events: [EVENT] }, {}], ["claims", { events: { "http://schemas.openid.net/event/other": {} } }, {}],
      ["claims", { jti: undefined }, {}], ["claims", { jti: "" }, {}], ["claims", { jti: "j".repeat(257) }, {}], ["claims", { iat: undefined }, {}], ["claims", { exp: undefined }, {}], ["claims", { exp: now / 1000 + 121 }, {}], ["claims", { sid: 1 }, {}], ["claims", { sid: "" }, {}], ["claims", { sub: 1 }, {}], ["claims", { sid: undefined }, {}],
      ["not_yet", { nbf: now / 1000 + 6 }, {}], ["expired", { iat: now / 1000 - 300, exp: now / 1000 - 180 }, {}], ["not_yet", { iat: now / 1000 + 6, exp: now / 1000 + 60 }, {}],
    ];
    for (const [reason, claims, head] of cases) expect(await it.send(claims, head), `${reason} ${JSON.stringify([claims, head])}`).toBe(reason);
    for (const token of ["", "x", undefined, null, 7, craft(header, "[]")]) expect(await it.receive(token)).toBe("malformed");
    expect(it.events).toHaveLength(cases.length + 6);
    expect((await mine.stateNow()).kind).toBe("active");
  });

  it("[M04] the same token twice is refused, so that it does not end a session that began since", async () => {
    const it = await federated({ subjectOf: () => "ada" });
    await it.begin("a");
    const token = craft(header, without(logoutAt(it.clock.now(), { sub: "ada" }), "sid"));
    expect(await it.receive(token)).toBe("ended 1");
    it.clock.advance(MINUTE);
    const later = await it.begin("b");
    expect(await it.receive(token)).toBe("revoked");
    expect((await later.stateNow()).kind).toBe("active");
    it.clock.advance(MINUTE + 4999);
    expect(await it.receive(token)).toBe("revoked");
    it.clock.advance(1);
    expect(await it.receive(token)).toBe("expired");
  });

  it("[M04] after a fault of the store the provider may send it again", async () => {
    const it = await federated();
    const mine = await it.begin("provider-session");
    const token = craft(header, logoutAt(it.clock.now()));
    it.store.fail = (verb) => (verb === "end" ? new Error("down") : undefined);
    expect(await it.receive(token)).toBe("unavailable: store");
    it.store.fail = () => undefined;
    expect((await mine.stateNow()).kind).toBe("active");
    expect(await it.receive(token)).toBe("ended 1");
    expect((await mine.stateNow()).kind).toBe("none");
  });

  it("[M05] a sign-out that comes while the sign-in is under way is not lost: who is linked afterwards is refused", async () => {
    const it = await federated();
    expect(await it.send()).toBe("ended 0");
    expect(await codeOf(() => it.begin("provider-session"))).toBe("sign_in_revoked");
    expect(await codeOf(() => it.begin("another-session"))).toBe("none");
    // By then no sign-in is under way that the provider let go on before.
    it.clock.advance(10 * MINUTE);
    expect(await codeOf(() => it.begin("provider-session"))).toBe("none");
  });

  it("[M05] between any two steps of a link a sign-out either ends the session or has it refused", async () => {
    let steps = 1;
    for (let stop = 0; stop < steps; stop++) {
      const it = await federated();
      const { jar, state } = await it.begin("another-session");
      steps = 0;
      const between = async (): Promise<void> => {
        if (steps++ === stop) await it.send();
      };
      const store = new Proxy(it.store, {
        get: (target, name) => (typeof Reflect.get(target, name) !== "function" ? Reflect.get(target, name) : async (...args: unknown[]) => {
          await between();
          return Reflect.apply(Reflect.get(target, name), target, args);
        }),
      });
      const links = createProviderLinks({ store, keys: KEYS, clock: it.clock });
      const code = await codeOf(() => links.add({ iss: PROVIDER, sid: "provider-session" }, state));
      const alive = (await request(it.sessions, jar)).state.kind === "active";
      expect([stop, code === "sign_in_revoked" || !alive]).toEqual([stop, true]);
    }
    expect(steps).toBeGreaterThanOrEqual(3);
  });

  it("[F08] each kind of token fails at the other's verifier; the type may be left out by option only", async () => {
    const it = await federated();
    expect(await it.receive(await issued(issuing({ clock: it.clock })))).toBe("type");
    const lax = await federated({ typ: "optional" });
    await lax.begin("provider-session");
    for (const typ of [undefined, "JWT", "logout+jwt", "application/logout+jwt"]) expect(await lax.send({}, { typ }), String(typ)).toMatch(/^ended/);
    for (const typ of ["at+jwt", "dpop+jwt", null, 1]) expect(await lax.send({}, { typ }), String(typ)).toBe("type");
    // What an ID token has keeps it out, also where the type says nothing.
    expect(await lax.receive(craft({ ...header, typ: "JWT" }, claimsAt(START, { iss: PROVIDER, aud: CLIENT, nonce: "n" })))).toBe("claims");
  });

  it("[M04] RS256, as most providers sign, by node:crypto", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const it = await federated({ keys: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "rsa", use: "sig" }] } as JsonWebKeySet });
    const mine = await it.begin("provider-session");
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const input = `${part({ alg: "RS256", kid: "rsa", typ: "logout+jwt" })}.${part(logoutAt(it.clock.now()))}`;
    const token = `${input}.${nodeSign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
    expect(await it.receive(`${token.slice(0, -8)}AAAAAAAA`)).toBe("signature");
    expect(await it.receive(token)).toBe("ended 1");
    expect(it.events.map(({ type }) => type)).toEqual(["token_refused", "token_short_key"]);
    expect((await mine.stateNow()).kind).toBe("none");
  });

  it("links last as long as the session, forget the oldest of many, and keep providers and realms apart", async () => {
    const it = await federated();
    const { state } = await it.begin("s");
    expect(await it.links.find({ iss: "https://other.test", sid: "s" })).toEqual([]);
    expect(await createProviderLinks({ store: it.store, keys: KEYS, realm: "other", clock: it.clock }).find({ iss: PROVIDER, sid: "s" })).toEqual([]);
    const idOf = (i: number): typeof state.id => `${i}`.padStart(24, "x") as typeof state.id;
    for (let i = 0; i < 40; i++) await it.links.add({ iss: PROVIDER, sid: "s" }, { ...state, id: idOf(i) });
    const ids = await it.links.find({ iss: PROVIDER, sid: "s" });
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([32, idOf(39), idOf(8)]);
    // A session that is over already needs no link, and is no fault.
    await it.links.add({ iss: PROVIDER, sid: "over" }, { ...state, absoluteAt: it.clock.now() });
    expect(await it.links.find({ iss: PROVIDER, sid: "over" })).toEqual([]);
    it.clock.set(state.absoluteAt - 1);
    expect(await it.links.find({ iss: PROVIDER, sid: "s" })).toHaveLength(32);
    it.clock.advance(1);
    expect(await it.links.find({ iss: PROVIDER, sid: "s" })).toEqual([]);
    expect(state.absoluteAt - START).toBe(8 * HOUR);
  });

  it("options that cannot be right are refused at construction", async () => {
    for (const options of [{ issuer: "" }, { clientId: "" }, { algorithms: [] }, { algorithms: ["none"] }, { typ: "any" }, { keys: { keys: [] } }, { extra: 1 }]) expect(await codeOf(() => federated(options as never)), JSON.stringify(options)).toBe("config");
    const store = createMemoryStore();
    expect(() => createProviderLinks({ store: { ...store, capabilities: { ...store.capabilities, evicts: true } }, keys: KEYS })).toThrow(expect.objectContaining({ code: "unsupported", option: "store" }));
    expect(activeKey(KEYS_ES256).kid).toBe(header.kid);
  });
});
