import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HoldfastError } from "../../src/index.ts";
import { createTokenVerifier, generateSigningKeys, remoteKeys, type RemoteKeysOptions, type TokenEvent } from "../../src/tokens.ts";
import { HOUR, MINUTE, testClock } from "../support.ts";
import { activeKey, API, claimsAt, craft, headerOf, ISSUER, issuing, KEYS_ES256, START } from "./support.ts";

const servers: Server[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => void server.close(done));
  }
});

/** A real issuer: it counts who asks, and answers as it is told. */
async function issuerAt(answer: { listener: RequestListener }) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    answer.listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`, get asked() { return asked; } };
}

const json = (value: unknown): RequestListener => (_, response) => void response.setHeader("content-type", "application/json").end(JSON.stringify(value));
const jwks = issuing().jwks();
const header = headerOf();
const kid = header.kid;

async function remote(options: RemoteKeysOptions = {}) {
  const clock = testClock(START);
  const answer = { listener: json(jwks) };
  const issuer = await issuerAt(answer);
  const events: TokenEvent[] = [];
  const keys = remoteKeys(issuer.url, { clock, onEvent: (event) => void events.push(event), ...options });
  const verifier = createTokenVerifier({ issuer: ISSUER, audience: API, keys, clock });
  const outcome = async (more: Record<string, unknown> = {}, key = activeKey(KEYS_ES256)): Promise<string> => {
    const result = await verifier.verify(craft({ ...headerOf(key), ...more }, claimsAt(clock.now()), key));
    return result.outcome === "refused" ? result.reason : result.outcome;
  };
  return { clock, answer, issuer, events, keys, verifier, outcome };
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** An issuer whose answers the test gives, and a first token that waits for one. */
async function held() {
  const fetches: { readonly answer: (set?: unknown) => void; readonly giveUp: () => void }[] = [];
  const fetch = (): Promise<Response> =>
    new Promise((resolve, reject) => void fetches.push({ answer: (set = jwks) => void resolve(Response.json(set)), giveUp: () => void reject(new DOMException("slow", "TimeoutError")) }));
  const it = await remote({ fetch });
  const first = it.outcome();
  await settle();
  return { it: { ...it, first }, fetches };
}

describe("keys at a URL", () => {
  it("are fetched once, when the first token comes, however many come with it", async () => {
    const it = await remote();
    expect(it.issuer.asked).toBe(0);
    expect(await Promise.all(Array.from({ length: 20 }, () => it.outcome()))).toEqual(Array.from({ length: 20 }, () => "accepted"));
    expect(it.issuer.asked).toBe(1);
    it.clock.advance(8 * MINUTE - 1);
    expect(await it.outcome()).toBe("accepted");
    it.clock.advance(2 * MINUTE + 1);
    expect(it.issuer.asked).toBe(1);
    expect(await Promise.all([it.outcome(), it.outcome()])).toEqual(["accepted", "accepted"]);
    expect(it.issuer.asked).toBe(2);
  });

  it("on Workers, where one request cannot wait for what another one began, each of the first fetches by itself", async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    const it = await remote();
    expect(await Promise.all(Array.from({ length: 5 }, () => it.outcome()))).toEqual(Array.from({ length: 5 }, () => "accepted"));
    expect(it.issuer.asked).toBe(5);
    for (let i = 0; i < 50; i++) expect(await it.outcome({ kid: `stranger-${i}` })).toBe("key");
    expect(it.issuer.asked).toBe(5);
  });

  it("on Workers, a fetch whose request was dropped holds nobody up, and is no leave to fetch for ever", async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    let asked = 0;
    const it = await remote({ fetch: async () => (asked++ === 0 ? new Promise<Response>(() => undefined) : Response.json(jwks)) });
    void it.outcome();
    expect(await it.outcome()).toBe("accepted");
    expect(await it.outcome({ kid: "stranger" })).toBe("key");
    expect(asked).toBe(2);
  });

  it("[F06] an unknown kid makes at most one fetch in 30 s, whatever strangers send", async () => {
    const it = await remote();
    await it.outcome();
    for (let i = 0; i < 50; i++) expect(await it.outcome({ kid: `stranger-${i}` })).toBe("key");
    expect(it.issuer.asked).toBe(1);
    it.clock.advance(30_000);
    expect(new Set(await Promise.all(Array.from({ length: 50 }, (_, i) => it.outcome({ kid: `stranger-${i}` }))))).toEqual(new Set(["key"]));
    expect(it.issuer.asked).toBe(2);
    for (let i = 0; i < 50; i++) await it.outcome({ kid: "../../jwks" });
    expect(it.issuer.asked).toBe(2);
  });

  it("[G01] a key that was published meanwhile is found at once, after the cooldown", async () => {
    const it = await remote();
    await it.outcome();
    const other = await generateSigningKeys({ now: START });
    it.answer.listener = json({ keys: [...jwks.keys, ...issuing({ keys: other }).jwks().keys] });
    expect(await it.outcome({}, activeKey(other))).toBe("key");
    it.clock.advance(30_000);
    expect(await it.outcome({}, activeKey(other))).toBe("accepted");
  });

  it("[G01] a key that was taken back verifies no longer than the keys are kept, also what was verified before", async () => {
    const it = await remote();
    const token = craft(header, claimsAt(START, { exp: START / 1000 + 3600 }));
    expect((await it.verifier.verify(token)).outcome).toBe("accepted");
    it.answer.listener = json({ keys: issuing({ keys: await generateSigningKeys({ now: START }) }).jwks().keys });
    it.clock.advance(10 * MINUTE - 1);
    expect((await it.verifier.verify(token)).outcome).toBe("accepted");
    it.clock.advance(1);
    expect(await it.verifier.verify(token)).toEqual({ outcome: "refused", reason: "key" });
  });

  it("another key under the same kid verifies nothing of the first one, from the cache either", async () => {
    const it = await remote();
    const token = craft(header, claimsAt(START, { exp: START / 1000 + 3600 }));
    expect((await it.verifier.verify(token)).outcome).toBe("accepted");
    const [other] = issuing({ keys: await generateSigningKeys({ now: START }) }).jwks().keys;
    it.answer.listener = json({ keys: [{ ...other, kid }] });
    it.clock.advance(10 * MINUTE);
    expect(await it.verifier.verify(token)).toEqual({ outcome: "refused", reason: "signature" });
  });

  it("count for an hour while the issuer is away, and then nobody can say; it is asked every 30 s at most", async () => {
    const it = await remote();
    await it.outcome();
    it.answer.listener = (_, response) => void response.writeHead(500).end();
    it.clock.advance(10 * MINUTE);
    for (let i = 0; i < 10; i++) expect(await it.outcome()).toBe("accepted");
    expect(it.issuer.asked).toBe(2);
    expect(it.events).toEqual([{ at: START + 10 * MINUTE, type: "token_keys_failed", why: "it answers with status 500.", stale: true }]);
    expect(await it.outcome({ kid: "unknown" })).toBe("unavailable");
    it.clock.set(START + HOUR - 1);
    expect(await it.outcome()).toBe("accepted");
    await vi.waitFor(() => expect(it.events).toHaveLength(2), 30_000);
    it.clock.advance(30_001);
    expect(await it.outcome()).toBe("unavailable");
    expect(it.events.at(-1)).toMatchObject({ stale: false });
    it.answer.listener = json(jwks);
    expect(await it.outcome()).toBe("unavailable");
    it.clock.advance(30_000);
    expect(await it.outcome()).toBe("accepted");
  });

  it("a busy service never waits: in the last fifth of the time they are fetched beside a token", async () => {
    const { it, fetches } = await held();
    fetches.at(-1)?.answer();
    expect(await it.first).toBe("accepted");
    it.clock.advance(8 * MINUTE);
    expect(await Promise.all([it.outcome(), it.outcome()])).toEqual(["accepted", "accepted"]);
    expect(fetches).toHaveLength(2);
    fetches.at(-1)?.answer();
    await settle();
    it.clock.advance(8 * MINUTE - 1);
    expect(await it.outcome()).toBe("accepted");
    expect(fetches).toHaveLength(2);
  });

  it("an issuer that hangs holds nobody up whose key is known, again and again; only who names another one waits", async () => {
    const { it, fetches } = await held();
    fetches.at(-1)?.answer();
    await it.first;
    it.clock.advance(8 * MINUTE);
    await it.outcome();
    fetches.at(-1)?.giveUp();
    await settle();
    it.clock.advance(2 * MINUTE);
    for (let i = 0; i < 5; i++) expect(await it.outcome()).toBe("accepted");
    expect(fetches).toHaveLength(3);
    const stranger = it.outcome({ kid: "stranger" });
    await settle();
    fetches.at(-1)?.giveUp();
    expect(await stranger).toBe("unavailable");
    it.clock.advance(30_000);
    expect(await it.outcome()).toBe("accepted");
    expect(fetches).toHaveLength(4);
    fetches.at(-1)?.answer({ keys: issuing({ keys: await generateSigningKeys({ now: START }) }).jwks().keys });
    await settle();
    expect(await it.outcome()).toBe("key");
    expect(it.events.map(({ type }) => type)).toEqual(["token_keys_failed", "token_keys_failed"]);
  });

  it("on Workers, where nothing goes on after an answer, only the one whose turn it is waits for an issuer that hangs", async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    const { it, fetches } = await held();
    fetches.at(-1)?.answer();
    await it.first;
    it.clock.advance(10 * MINUTE);
    const first = it.outcome();
    await settle();
    fetches.at(-1)?.giveUp();
    expect(await first).toBe("accepted");
    it.clock.advance(30_000);
    const waits = it.outcome();
    await settle();
    for (let i = 0; i < 5; i++) expect(await it.outcome()).toBe("accepted");
    expect(fetches).toHaveLength(3);
    fetches.at(-1)?.answer({ keys: issuing({ keys: await generateSigningKeys({ now: START }) }).jwks().keys });
    expect(await waits).toBe("key");
  });

  it("an issuer that was never reached makes nothing good and nothing bad", async () => {
    const it = await remote();
    it.answer.listener = (request) => void request.socket.destroy();
    expect(await it.outcome()).toBe("unavailable");
    expect(await it.outcome()).toBe("unavailable");
    expect(it.issuer.asked).toBe(1);
    it.clock.advance(30_000);
    it.answer.listener = json(jwks);
    expect(await it.outcome()).toBe("accepted");
  });

  it("a clock that is set back makes no key young", async () => {
    const it = await remote();
    await it.outcome();
    it.clock.set(START - HOUR);
    expect(await it.outcome()).toBe("accepted");
    expect(it.issuer.asked).toBe(2);
  });

  it("[F04] [F05] answers that are none count as failures: redirects, too many bytes, private or symmetric or double keys", async () => {
    const elsewhere = await issuerAt({ listener: json(jwks) });
    const [key] = jwks.keys;
    const { d } = activeKey(KEYS_ES256).jwk;
    const cases: readonly (readonly [name: string, listener: RequestListener])[] = [
      ["a redirect", (_, response) => void response.writeHead(302, { location: elsewhere.url }).end()],
      ["204", (_, response) => void response.writeHead(204).end()],
      ["HTML", (_, response) => void response.end("<html>")],
      ["a list", json([key])],
      ["no list of keys", json({ keys: { 0: key } })],
      ["too many bytes", json({ keys: [...jwks.keys, { kty: "x", pad: "x".repeat(70_000) }] })],
      ["endless bytes", (_, response) => { const pump = (): void => { while (!response.destroyed && response.write("x".repeat(16_384))) {} }; response.on("drain", pump); pump(); }],
      ["a private key", json({ keys: [{ ...key, d }] })],
      ["a symmetric key beside it", json({ keys: [key, { kty: "oct", kid: "h", k: "AAAA" }] })],
      ["two with one kid", json({ keys: [key, { ...key, use: "enc" }] })],
      ["101 keys", json({ keys: Array.from({ length: 101 }, (_, i) => ({ ...key, kid: `k${i}` })) })],
    ];
    for (const [name, listener] of cases) {
      const it = await remote();
      it.answer.listener = listener;
      expect(await it.outcome(), name).toBe("unavailable");
      expect(it.events, name).toMatchObject([{ type: "token_keys_failed", stale: false }]);
      expect(JSON.stringify(it.events)).not.toContain(d);
    }
    expect(elsewhere.asked).toBe(0);
  });

  it("keys that are for something else are left out, and what is published beside them does not matter", async () => {
    const it = await remote();
    it.answer.listener = json({ keys: [null, 7, "x", { kty: "EC" }, { kty: "AKP", kid: "pq", alg: "ML-DSA-65", pub: "AA" }, { ...jwks.keys[0], kid: "enc", use: "enc" }, { ...jwks.keys[0], x5c: ["MII"], x5u: "https://evil.test", extra: {} }], more: 1 });
    expect(await it.outcome()).toBe("accepted");
    expect(await it.outcome({ kid: "enc" })).toBe("key");
    expect(await it.outcome({ kid: "pq" })).toBe("key");
  });

  it("an answer that does not come is waited for no longer than `timeout`, also one that stops in the middle, and one whose fetch heeds no signal", async () => {
    const middle = await remote({ timeout: 50 });
    middle.answer.listener = (_, response) => void response.writeHead(200).write('{"keys":[');
    expect(await middle.outcome()).toBe("unavailable");
    expect(middle.events).toMatchObject([{ type: "token_keys_failed", why: "TimeoutError 23" }]);
    const deaf = await remote({ timeout: 50, fetch: () => new Promise(() => undefined) });
    expect(await deaf.outcome()).toBe("unavailable");
  });

  it("only https, or this machine; and options that agree", () => {
    const option = (url: string, options: RemoteKeysOptions = {}): string => {
      try {
        remoteKeys(url, options);
        return "none";
      } catch (error) {
        return error instanceof HoldfastError ? String(error.option) : String(error);
      }
    };
    for (const url of ["http://app.test/jwks", "http://127.0.0.1.evil.test/", "http://localhost.evil.test", "http://[::2]/", "ftp://app.test", "file:///etc/passwd", "data:application/json,{}", "https://u:p@app.test/", "jwks.json", ""]) expect(option(url), url).toBe("url");
    for (const url of ["https://app.test/jwks", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]:8080/x"]) expect(option(url), url).toBe("none");
    for (const [name, value] of [["maxAge", 0], ["maxAge", Number.NaN], ["maxStale", 1000], ["cooldown", 0], ["cooldown", HOUR], ["timeout", 0], ["maxBytes", 1], ["extra", 1]] as const) expect(option("https://app.test", { [name]: value }), name).toBe(name);
  });
});
