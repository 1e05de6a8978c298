import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { csrf, problem, requireFresh, session, type SessionEnv, sessionRoutes } from "../../src/index.ts";
import { bindingRoutes, boundSession } from "../../src/bound.ts";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { type Data, keys, MINUTE, ORIGIN } from "../support.ts";
import { BindingBrowser, type BoundSessionOfBrowser, newKey, proofOf } from "./dbsc-client.ts";
import { boundBrowser, boundWorld, REFRESH, REGISTER } from "./support.ts";
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

const first = <T>(items: Iterable<T>): T => {
  for (const item of items) return item;
  throw new Error("nothing");
};
const only = (browser: { sessions: Map<string, BoundSessionOfBrowser> }): BoundSessionOfBrowser => first(browser.sessions.values());
/** How long a session that was just bound gets by without its first ticket. */
const FIRST_TICKET = 30_000;
const code = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

/** A browser that binds only after `before`, a copy of its jar, was made. */
async function boundLate(): Promise<{ readonly world: ReturnType<typeof boundWorld>; readonly browser: BindingBrowser; readonly before: BindingBrowser }> {
  const world = boundWorld();
  const browser = world.browser();
  browser.binds = false;
  const invited = await browser.post("/sign-in");
  const before = browser.copyJar();
  browser.binds = true;
  await browser.heed(invited);
  return { world, browser, before };
}

/** What a sign-in offers to a browser that does not take it up. */
async function invitationOf(browser: BindingBrowser): Promise<{ readonly jti: string; readonly authorization: string }> {
  browser.binds = false;
  const header = (await browser.post("/sign-in")).headers.get("secure-session-registration") ?? "";
  const [, jti = ""] = /challenge="([^"]+)"/.exec(header) ?? [];
  const [, authorization = ""] = /authorization="([^"]+)"/.exec(header) ?? [];
  return { jti, authorization };
}

describe("a browser that binds", () => {
  for (const quoted of [false, true]) {
    it(`[I08] [I10] registers, waits for its ticket, refreshes and goes on, with ${quoted ? "quoted" : "bare"} headers`, async () => {
      const world = boundWorld();
      const browser = world.browser();
      browser.quoted = quoted;
      await browser.post("/sign-in");
      expect(browser.registrations).toEqual([200]);
      expect(await (await browser.get("/private")).text()).toBe("ada");
      expect(browser.refreshes).toEqual([]);
      for (let i = 0; i < 5; i++) {
        world.clock.advance(6 * MINUTE);
        expect((await browser.get("/private")).status).toBe(200);
      }
      // The challenge came with the ticket before: one round trip each.
      expect(browser.refreshes).toEqual([200, 200, 200, 200, 200]);
      expect(world.events.map(({ type }) => type)).toEqual(["device_bound", ...Array.from({ length: 5 }, () => "device_refreshed")]);
    });
  }

  it("by RS256, where the server offers it", async () => {
    const world = boundWorld({ algorithms: ["ES256", "RS256"] });
    const browser = world.browser();
    browser.alg = "RS256";
    await browser.post("/sign-in");
    browser.expireTicket();
    expect((await browser.get("/private")).status).toBe(200);
    expect([browser.registrations, browser.refreshes]).toEqual([[200], [200]]);
  });

  it("[I10] [H11] a copied jar works until its ticket is over, then never again, whatever it sends; its owner goes on", async () => {
    const world = boundWorld();
    const owner = await boundBrowser(world);
    const thief = owner.copyJar();
    expect((await thief.get("/private")).status).toBe(200);
    world.clock.advance(5 * MINUTE);
    for (const [method, path] of [["GET", "/private"], ["GET", "/"], ["POST", "/session/refresh"], ["POST", "/session/touch"], ["GET", "/session/devices"], ["POST", "/elevate"], ["POST", "/cart"]] as const) {
      const response = await thief.raw(method, path, { origin: ORIGIN });
      expect([path, response.status, await code(response), response.headers.getSetCookie(), response.headers.get("session-deadlines")]).toEqual([path, 401, "proof_required", [], null]);
    }
    // Nobody's session, to whoever has no key.
    const view = await thief.raw("GET", "/session");
    expect([view.status, await view.json(), view.headers.getSetCookie(), view.headers.get("session-deadlines")]).toEqual([200, { state: "none" }, [], null]);
    expect((await owner.get("/private")).status).toBe(200);
    expect(world.events.filter(({ type }) => type === "device_refused")).toHaveLength(8);
  });

  it("[H11] [H13] where no ticket is needed, a copied jar gets no next credential, keeps nothing alive, and ends no other session", async () => {
    const world = boundWorld();
    const owner = await boundBrowser(world);
    const second = await boundBrowser(world);
    const thief = owner.copyJar();
    world.clock.advance(11 * MINUTE);
    const told = world.events.length;
    for (const [method, path] of [["GET", "/static/app.js"], ["GET", "/session/logout"], ["PUT", "/session/logout"], ["GET", "/sign-in"]] as const) {
      const response = await thief.raw(method, path, { origin: ORIGIN });
      expect([path, response.headers.getSetCookie(), response.headers.get("session-deadlines")]).toEqual([path, [], null]);
    }
    const others = await thief.post("/session/logout", { "content-type": "application/json" });
    expect(others.status).toBe(204);
    expect((await second.get("/private")).status).toBe(200);
    // On such a path a refusal is nobody's news.
    expect(world.events.slice(told).filter(({ type }) => type === "device_refused")).toEqual([]);
    const [row] = (await world.sessions.list("ada")).filter(({ handle }) => handle !== only(second).instructions.session_identifier);
    expect(row).toBeUndefined();
  });

  it("[H13] requests without a ticket, where none is needed, are no activity", async () => {
    const world = boundWorld();
    const owner = await boundBrowser(world);
    const thief = owner.copyJar();
    for (let i = 0; i < 7; i++) {
      world.clock.advance(5 * MINUTE);
      await thief.raw("GET", "/static/app.js");
    }
    expect(await world.sessions.list("ada")).toEqual([]);
  });

  it("[H11] a sign-out without a ticket ends its own session only, however fresh the sign-in", async () => {
    const world = boundWorld();
    const owner = await boundBrowser(world);
    const second = await boundBrowser(world);
    const thief = owner.copyJar();
    world.clock.advance(6 * MINUTE);
    for (const scope of ["others", "all"]) {
      const answer = await world.app.request(`${ORIGIN}/session/logout`, { method: "POST", headers: { cookie: thief.cookie, origin: ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/json" }, body: JSON.stringify({ scope }) });
      expect([scope, answer.status, await code(answer)]).toEqual([scope, 403, "fresh_required"]);
      expect((await second.get("/private")).status).toBe(200);
    }
  });

  for (const lazy of [false, true]) {
    it(`[H11] nothing counts as fresh without a ticket, on a path that needs none: ${lazy ? "read by the guard" : "changed by the application meanwhile"}`, async () => {
      const world = boundWorld({ session: { lazy } });
      const touched: MiddlewareHandler<SessionEnv<Data>> = (c, next) => (lazy ? undefined : c.var.session.update((data) => ({ cart: [...data.cart, "seen"] })), next());
      world.app.get("/static/fresh", touched, requireFresh<Data>({ now: world.clock.now }), (c) => c.text("fresh"));
      world.app.post("/sign-in/again", (c, next) => (c.var.session.start("ada"), next()), requireFresh<Data>({ now: world.clock.now }), (c) => c.text("fresh"));
      const owner = await boundBrowser(world);
      const thief = owner.copyJar();
      expect((await thief.get("/static/fresh")).status).toBe(200);
      world.clock.advance(6 * MINUTE);
      expect((await thief.raw("GET", "/static/fresh")).status).toBe(403);
      expect((await owner.get("/static/fresh")).status).toBe(403);
      await owner.get("/private");
      expect((await owner.get("/static/fresh")).status).toBe(200);
      // Who signs in here has a session of their own.
      expect((await thief.raw("POST", "/sign-in/again", { origin: ORIGIN, "sec-fetch-site": "same-origin" })).status).toBe(200);
    });
  }

  it("[I10] what a page asks for while its session is being bound is let through, and for no longer", async () => {
    const { world, browser, before } = await boundLate();
    expect(browser.registrations).toEqual([200]);
    expect((await before.raw("GET", "/private")).status).toBe(200);
    world.clock.advance(FIRST_TICKET - 1);
    expect((await before.raw("GET", "/private")).status).toBe(200);
    world.clock.advance(1);
    expect((await before.raw("GET", "/private")).status).toBe(401);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[I10] so it is at a server whose clock is behind that of the registration", async () => {
    const { world, before } = await boundLate();
    for (const [behind, status] of [[5000, 200], [FIRST_TICKET - 1, 200], [FIRST_TICKET, 401]] as const) {
      const now = world.clock.now() - behind;
      const clock = { ...world.clock, now: () => now };
      const other = boundWorld({ store: world.store, clock, core: { store: world.store, clock } });
      expect((await other.app.request(`${ORIGIN}/private`, { headers: { cookie: before.cookie } })).status, String(behind)).toBe(status);
    }
  });

  it("a right that is raised on a path that needs no ticket comes in an answer that nobody keeps", async () => {
    const world = boundWorld();
    world.app.post("/sign-in/step-up", (c) => {
      c.var.session.elevate({ reauthenticated: true });
      c.header("cache-control", "public, max-age=60");
      return c.text("ok");
    });
    const browser = await boundBrowser(world);
    world.clock.advance(MINUTE);
    browser.expireTicket();
    const answer = await browser.raw("POST", "/sign-in/step-up", { origin: ORIGIN });
    expect([answer.status, answer.headers.getSetCookie().length, answer.headers.get("cache-control")]).toEqual([200, 1, "no-store"]);
  });

  it("[H11] a bound session is not resumed with its cookie and one factor: it would be bound to nothing", async () => {
    const world = boundWorld({ core: { policy: "nistAal2" } });
    world.app.post("/resume", (c) => {
      c.var.session.start("ada", undefined, { resume: true, amr: ["pwd"] });
      return c.text("resumed");
    });
    const owner = await boundBrowser(world);
    const plain = world.browser();
    plain.binds = false;
    await plain.post("/sign-in");
    world.clock.advance(61 * MINUTE);
    expect((await plain.post("/resume")).status).toBe(200);
    expect((await owner.copyJar().raw("POST", "/resume", { origin: ORIGIN, "sec-fetch-site": "same-origin" })).status).toBe(401);
  });

  it("a copy of the row from before the registration is no reason to let go", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const stale = boundWorld({ store: world.store, core: { store: world.store } });
    const { state } = await world.sessions.open(new Headers({ cookie: browser.cookie }));
    const unbound = { ...state, key: undefined };
    let asked = 0;
    const session = { load: async (how?: { authoritative?: boolean }) => (asked++, how?.authoritative ? state : unbound) };
    const request = new Request(ORIGIN + REFRESH, { method: "POST", headers: { "sec-secure-session-id": only(browser).instructions.session_identifier } });
    expect((await stale.binding.refresh(session as never, request)).outcome).toBe("challenge");
    expect(asked).toBe(2);
  });

  it("a listener that rejects decides about nothing, the process included", async () => {
    const heard: unknown[] = [];
    const world = boundWorld({ onEvent: async (event) => { heard.push(event.type); throw new Error("boom"); } });
    const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const browser = await boundBrowser(world);
    expect((await browser.get("/private")).status).toBe(200);
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith("Holdfast: an event listener failed.", expect.objectContaining({ message: "boom" })), 30_000);
    expect(heard).toEqual(["device_bound"]);
    warn.mockRestore();
  });

  it("[I10] a ticket of another session, of another key, or altered is none", async () => {
    const world = boundWorld();
    const [ada, other] = [await boundBrowser(world), await boundBrowser(world)];
    const ticketOf = (browser: typeof ada): [string, string] => {
      const [name, { value }] = first([...browser.jar].filter(([name]) => name.includes("bound")));
      return [name, value];
    };
    const [name, value] = ticketOf(ada);
    const [, foreign] = ticketOf(other);
    const credential = ada.cookie.split("; ").find((pair) => !pair.includes("bound"));
    const ask = async (ticket: string): Promise<number> => (await world.app.request(`${ORIGIN}/private`, { headers: { cookie: `${credential}; ${name}=${ticket}` } })).status;
    expect(await ask(value)).toBe(200);
    for (const ticket of [foreign, "", "x", value.slice(1), `${value}A`, `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`, value.replaceAll(/./g, "A").replace(/^.{4}/, value.slice(0, 4))]) expect(await ask(ticket), ticket).toBe(401);
  });

  it("[I10] costs a request no call of the store beyond its one read, and a refresh writes nothing", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    world.clock.advance(5000);
    await browser.get("/private");
    world.calls.length = 0;
    await browser.get("/private");
    expect(world.calls).toEqual(["read"]);
    browser.expireTicket();
    world.calls.length = 0;
    await browser.refresh(only(browser));
    expect(world.calls).toEqual(["read", "read"]);
  });

  it("old tickets stay good until their own end: requests that were sent before a refresh are not refused", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const jars = [browser.cookie];
    for (let i = 0; i < 4; i++) {
      world.clock.advance(MINUTE);
      await browser.refresh(only(browser));
      jars.push(browser.cookie);
    }
    expect(new Set(jars).size).toBe(5);
    const ask = (cookie: string) => world.app.request(`${ORIGIN}/private`, { headers: { cookie } });
    for (const cookie of jars) expect((await ask(cookie)).status).toBe(200);
    world.clock.advance(MINUTE);
    const statuses = await Promise.all(jars.map(async (cookie) => (await ask(cookie)).status));
    expect(statuses).toEqual([401, 200, 200, 200, 200]);
  });

  it("[H11] [H13] refreshes are no activity and renew no credential; with a wrong key nothing changes either", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const before = [...browser.jar.keys()];
    const idleAt = async (): Promise<number> => {
      const [row] = await world.sessions.list("ada");
      return row?.seenAt ?? 0;
    };
    const seenAt = await idleAt();
    for (let i = 0; i < 7; i++) {
      world.clock.advance(4 * MINUTE);
      await browser.refresh(only(browser));
      const wrong = { ...only(browser), key: newKey() };
      const answer = await browser.raw("POST", REFRESH, { "sec-secure-session-id": wrong.instructions.session_identifier, "secure-session-response": proofOf(wrong.key, { jti: wrong.challenge }) });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
    }
    expect(await idleAt()).toBe(seenAt);
    expect([...browser.jar.keys()]).toEqual(before);
    world.clock.advance(3 * MINUTE);
    await browser.refresh(only(browser));
    expect(browser.refreshes.at(-1)).toBe(404);
    expect(await (await browser.get("/private")).json()).toMatchObject({ code: "expired" });
  });

  it("[H11] the refresh of the session needs the ticket: without it neither credential nor token", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    world.clock.advance(11 * MINUTE);
    const thief = browser.copyJar();
    const refused = await thief.raw("POST", "/session/refresh", { origin: ORIGIN });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([401, []]);
    const good = await browser.post("/session/refresh");
    expect([good.status, good.headers.getSetCookie().length]).toEqual([200, 1]);
  });

  it("raised rights need the ticket as before, and a new sign-in binds anew", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    expect((await browser.post("/elevate")).status).toBe(200);
    expect((await browser.get("/fresh")).status).toBe(200);
    const thief = browser.copyJar();
    world.clock.advance(5 * MINUTE);
    expect((await thief.get("/private")).status).toBe(401);
    expect((await browser.get("/private")).status).toBe(200);
    const old = only(browser).instructions.session_identifier;
    await browser.post("/sign-in");
    expect(browser.registrations).toEqual([200, 200]);
    browser.expireTicket();
    expect((await browser.get("/private")).status).toBe(200);
    // Of two that the browser holds, the one that is over was let go.
    expect([...browser.sessions.keys()]).toHaveLength(1);
    expect(browser.sessions.has(old)).toBe(false);
  });

  it("with CSRF tokens on", async () => {
    const world = boundWorld({ core: { csrf: createCsrfTokens({ keys }) } });
    const browser = await boundBrowser(world);
    browser.expireTicket();
    expect((await browser.get("/private")).status).toBe(200);
  });
});

describe("the invitation", () => {
  it("[I01] comes with a sign-in over https, well-formed and with a fresh challenge, and with nothing else", async () => {
    const world = boundWorld({ algorithms: ["ES256", "RS256"] });
    const browser = world.browser();
    browser.binds = false;
    const challenges = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const header = (await browser.post("/sign-in")).headers.get("secure-session-registration") ?? "";
      const [, challenge = ""] = /^\(ES256 RS256\);path="\/session\/dbsc\/register";challenge="([\w-]{54})";authorization="[\w-]{32}"$/.exec(header) ?? [];
      challenges.add(challenge);
    }
    expect(challenges.size).toBe(3);
    expect(challenges.has("")).toBe(false);
    for (const [method, path] of [["GET", "/"], ["GET", "/private"], ["POST", "/cart"], ["POST", "/elevate"], ["POST", "/session/refresh"]] as const) {
      expect((await browser.send(method, path)).headers.has("secure-session-registration"), path).toBe(false);
    }
    const plain = await world.app.request("http://app.test/sign-in", { method: "POST", headers: { origin: "http://app.test" } });
    expect([plain.status, plain.headers.has("secure-session-registration")]).toEqual([302, false]);
  });

  it("[I01] behind a proxy that ends TLS, with the origin named", async () => {
    const world = boundWorld({ origin: ORIGIN });
    const answer = await world.app.request("http://app.test/sign-in", { method: "POST", headers: { origin: "http://app.test" } });
    expect(answer.headers.has("secure-session-registration")).toBe(true);
  });

  it("is not given when the sign-in fails", async () => {
    const world = boundWorld();
    const browser = world.browser();
    world.fail = new Error("down");
    const answer = await browser.post("/sign-in");
    expect([answer.status, answer.headers.has("secure-session-registration")]).toEqual([503, false]);
  });
});

describe("the registration", () => {
  async function invited(options: Parameters<typeof boundWorld>[0] = {}) {
    const world = boundWorld(options);
    const browser = world.browser();
    const { jti, authorization } = await invitationOf(browser);
    const key = newKey();
    const send = (proof: string | undefined, headers: Record<string, string> = {}, who = browser) =>
      who.raw("POST", REGISTER, { origin: ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", ...(proof === undefined ? {} : { "secure-session-response": proof }), ...headers });
    const good = proofOf(key, { jti, authorization }, { jwk: key.jwk });
    return { world, browser, jti, authorization, key, send, good };
  }

  it("[I03] answers with instructions, the ticket and the next challenge", async () => {
    const { world, send, good } = await invited();
    const answer = await send(good);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    const body = (await answer.json()) as { session_identifier: string };
    const [state] = await world.sessions.list("ada");
    expect(body).toEqual({
      session_identifier: state?.handle,
      refresh_url: REFRESH,
      scope: { include_site: false, scope_specification: ["/session/logout", "/sign-in", "/static"].map((path) => ({ type: "exclude", domain: "*", path })) },
      allowed_refresh_initiators: [],
      credentials: [{ type: "cookie", name: `__Host-bound-${state?.handle.slice(0, 8)}`, attributes: "Path=/; Secure; HttpOnly; SameSite=Lax" }],
    });
    expect(answer.headers.get("secure-session-challenge")).toMatch(new RegExp(`^"[\\w-]{54}";id="${state?.handle}"$`));
  });

  it("[I09] one text makes the attributes and the Set-Cookie, for each kind of cookie", async () => {
    for (const [cookie, name, attributes] of [
      [{}, "__Host-bound-", "Path=/; Secure; HttpOnly; SameSite=Lax"],
      [{ sameSite: "strict" }, "__Host-bound-", "Path=/; Secure; HttpOnly; SameSite=Strict"],
      [{ prefix: "__Secure-", path: "/session" }, "__Secure-bound-", "Path=/session; Secure; HttpOnly; SameSite=Lax"],
    ] as const) {
      const { send, good } = await invited({ core: { cookie } });
      const answer = await send(good);
      const { credentials } = (await answer.json()) as { credentials: { name: string; attributes: string }[] };
      expect(credentials).toEqual([{ type: "cookie", name: expect.stringMatching(`^${name}`) as string, attributes }]);
      const [line = ""] = answer.headers.getSetCookie();
      const [pair = "", maxAge, ...rest] = line.split("; ");
      expect([pair.split("=")[0], maxAge, rest.join("; ")]).toEqual([credentials[0]?.name, "Max-Age=285", attributes]);
    }
  });

  it("[I03] needs the challenge and the authorization of this session's invitation, and lets nothing else bind", async () => {
    const { world, send, good, key, jti, authorization, browser } = await invited();
    const other = await invited();
    const sign = (payload: object, header: object = { jwk: key.jwk }): string => proofOf(key, payload, header);
    const strangers: readonly (string | undefined)[] = [
      undefined, "x", "a.b.c", `${good}x`,
      sign({ jti: other.jti, authorization: other.authorization }), sign({ jti, authorization: jti }), sign({ jti }), sign({ authorization }), sign({ jti: [jti], authorization }), sign({}),
      sign({ jti, authorization }, {}), sign({ jti, authorization }, { jwk: key.jwk, typ: "jwt" }), sign({ jti, authorization }, { jwk: newKey().jwk }),
      sign({ jti, authorization, aud: "https://other.test/session/dbsc/register" }), sign({ jti, authorization, aud: "" }),
    ];
    for (const proof of strangers) expect((await send(proof)).status, proof).toBe(400);
    expect((await browser.get("/private")).status).toBe(200);
    expect((await send(sign({ jti, authorization, aud: `${ORIGIN}${REGISTER}` }))).status).toBe(200);
    const refused = world.events.flatMap((event) => (event.type === "device_registration_refused" ? [event.why] : []));
    expect(refused).toEqual(["missing", "malformed", "malformed", "malformed", "challenge", "authorization", "authorization", "challenge", "challenge", "challenge", "key", "type", "signature", "audience", "audience"]);
  });

  it("[I02] its challenge has 128 random bits and is this session's, of this invitation, for this purpose", async () => {
    const { world, browser, send, key, jti, authorization } = await invited();
    const bytes = Buffer.from(jti, "base64url");
    expect(bytes.length).toBe(40);
    // Key, until when, 16 random bytes, MAC: of the next invitation the random ones differ, at the same moment.
    const next = await invited();
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from(next.jti, "base64url").subarray(0, 8));
    expect(bytes.subarray(8, 24)).not.toEqual(Buffer.from(next.jti, "base64url").subarray(8, 24));
    const bound = await boundBrowser(world);
    await browser.post("/sign-in");
    // Of the sign-in before, of another session's refresh, with an authorization of another invitation, with one bit changed in each byte.
    const invitation = world.binding.invitation((await world.sessions.open(new Headers({ cookie: browser.cookie }))).state, ORIGIN) ?? "";
    const [, fresh = ""] = /challenge="([^"]+)"/.exec(invitation) ?? [];
    const [, allowed = ""] = /authorization="([^"]+)"/.exec(invitation) ?? [];
    const changed = Array.from({ length: 40 }, (_, at) => Buffer.from(Buffer.from(fresh, "base64url").map((byte, i) => (i === at ? byte ^ 1 : byte))).toString("base64url"));
    const strangers = [[jti, authorization], [only(bound).challenge, allowed], [fresh, authorization], [jti, allowed], ...changed.map((one) => [one, allowed])];
    for (const [challenge, authorized] of strangers) expect((await send(proofOf(key, { jti: challenge, authorization: authorized }, { jwk: key.jwk }))).status, challenge).toBe(400);
    expect((await send(proofOf(key, { jti: fresh, authorization: allowed }, { jwk: key.jwk }))).status).toBe(200);
    // Used up.
    expect((await send(proofOf(key, { jti: fresh, authorization: allowed }, { jwk: key.jwk }))).status).toBe(400);
  });

  it("[I02] a challenge is good for a minute", async () => {
    const { world, send, good } = await invited();
    world.clock.advance(MINUTE);
    expect((await send(good)).status).toBe(400);
    expect(world.events.at(-1)).toMatchObject({ type: "device_registration_refused", why: "challenge" });
  });

  it("[I13] a session is bound once: the same proof again, another key, and two at once", async () => {
    const { world, send, good, jti, authorization } = await invited();
    const second = newKey();
    const rival = proofOf(second, { jti, authorization }, { jwk: second.jwk });
    const answers = await Promise.all([send(good), send(rival), send(good), send(rival)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect((await send(rival)).status).toBe(400);
    expect(world.events.filter(({ type }) => type === "device_bound")).toHaveLength(1);
    expect(world.events.filter((event) => event.type === "device_registration_refused" && event.why === "bound_already")).toHaveLength(4);
  });

  it("[I13] and only soon after the sign-in", async () => {
    const { world, send, good } = await invited({ registerWithin: 30_000 });
    world.clock.advance(30_001);
    expect((await send(good)).status).toBe(400);
    expect(world.events.at(-1)).toMatchObject({ why: "late" });
  });

  it("a script of the page cannot: it has no such headers; nor a bearer client, a guest or nobody", async () => {
    const { world, send, good } = await invited();
    for (const headers of [{ "sec-fetch-mode": "cors" }, { "sec-fetch-dest": "document" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "none" }, { "sec-fetch-mode": "" }]) expect((await send(good, headers)).status).toBe(400);
    const { credential } = await world.sessions.issue("ada");
    expect((await send(good, { authorization: `Bearer ${credential.reveal()}` })).status).toBe(400);
    const guest = world.browser();
    await guest.post("/cart");
    expect((await send(good, {}, guest)).status).toBe(400);
    expect((await send(good, {}, world.browser())).status).toBe(400);
    expect(world.events.map((event) => "why" in event && event.why)).toEqual([...Array.from({ length: 6 }, () => "not_a_browser"), "no_session", "not_a_browser"]);
  });

  it("is a 503 while the store is away, and the session stays as it is", async () => {
    const { world, send, good, browser } = await invited();
    world.fail = new Error("down");
    expect((await send(good)).status).toBe(503);
    world.fail = undefined;
    // Read, and then away: the write is the binding's own.
    for (const [verb, after] of [["read", 1], ["update", 2]] as const) {
      const cause = Object.assign(new Error("row of ada"), { code: "ECONNRESET" });
      const { length } = world.calls;
      world.failWhen = () => (world.calls.length - length > after ? cause : undefined);
      expect((await send(good)).status).toBe(503);
      world.failWhen = undefined;
      const event = world.events.at(-1);
      expect(event).toMatchObject({ type: "store_failed", verb, error: "Error ECONNRESET" });
      expect(event?.type === "store_failed" && event.cause()).toBe(cause);
      expect(JSON.stringify(event)).not.toContain("ada");
    }
    expect((await browser.get("/private")).status).toBe(200);
    expect((await send(good)).status).toBe(200);
  });
});

describe("the refresh", () => {
  it("[I06] without a proof, with a bad one or an old one: 403 with a challenge, and nothing ends", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const { key, instructions, challenge } = only(browser);
    const send = (proof?: string) => browser.raw("POST", REFRESH, { "sec-secure-session-id": instructions.session_identifier, ...(proof === undefined ? {} : { "secure-session-response": proof }) });
    const wrong = newKey();
    const proofs = [
      undefined, "x", "a.b.c", proofOf(wrong, { jti: challenge }), proofOf(key, { jti: challenge }, { jwk: key.jwk }), proofOf(key, { jti: challenge }, { typ: "jwt" }), proofOf(key, { jti: "x" }), proofOf(key, {}),
      proofOf(wrong, { jti: challenge }, { jwk: wrong.jwk }), proofOf(key, { jti: challenge }, { alg: "none" }), proofOf(key, { jti: challenge, aud: "https://other.test/" }),
    ];
    for (const proof of [...proofs, ...proofs]) {
      const answer = await send(proof);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
      expect(answer.headers.get("secure-session-challenge")).toMatch(new RegExp(`^"[\\w-]{54}";id="${instructions.session_identifier}"$`));
    }
    expect((await browser.get("/private")).status).toBe(200);
    expect((await send(proofOf(key, { jti: challenge, aud: [ORIGIN + REFRESH] }))).status).toBe(200);
  });

  it("[I02] [I07] the last challenges are all good until they are old, and a proof that comes twice succeeds twice", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const { key, instructions, challenge = "" } = only(browser);
    const challenges = [challenge];
    const send = (proof?: string) => browser.raw("POST", REFRESH, { "sec-secure-session-id": instructions.session_identifier, ...(proof === undefined ? {} : { "secure-session-response": proof }) });
    for (let i = 0; i < 3; i++) challenges.push(/^"([^"]+)"/.exec((await send()).headers.get("secure-session-challenge") ?? "")?.[1] ?? "");
    expect(new Set(challenges).size).toBe(4);
    for (const jti of [...challenges, ...challenges]) expect((await send(proofOf(key, { jti }))).status).toBe(200);
    world.clock.advance(7 * MINUTE);
    const stale = await send(proofOf(key, { jti: challenge }));
    expect([stale.status, stale.headers.has("secure-session-challenge")]).toEqual([403, true]);
    // 16 random bytes in each.
    expect(Buffer.from(challenge, "base64url").length).toBe(40);
  });

  it("[I02] a challenge of another session, or of the registration, is none", async () => {
    const world = boundWorld();
    const [mine, other] = [await boundBrowser(world), await boundBrowser(world)];
    const { key, instructions } = only(mine);
    const answer = await mine.raw("POST", REFRESH, { "sec-secure-session-id": instructions.session_identifier, "secure-session-response": proofOf(key, { jti: only(other).challenge }) });
    expect(answer.status).toBe(403);
  });

  it("[I11] is for browsers only, of this origin, and kept by nobody", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const { instructions } = only(browser);
    const without = await browser.raw("POST", REFRESH, { "secure-session-response": "x" });
    expect(without.status).toBe(400);
    const answers = [
      without,
      await browser.raw("POST", REFRESH, { origin: "https://evil.test", "sec-secure-session-id": instructions.session_identifier }),
      await browser.raw("POST", REFRESH, { "sec-secure-session-id": "somebody-else" }),
      await browser.raw("POST", REGISTER),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 403, 404, 400]);
    await browser.refresh(only(browser));
    for (const { headers } of answers) {
      expect([headers.get("cache-control"), headers.get("cross-origin-resource-policy"), headers.get("x-frame-options")]).toEqual(["no-store", "same-origin", "DENY"]);
      expect([headers.get("access-control-allow-origin"), headers.get("access-control-allow-credentials"), headers.getSetCookie()]).toEqual([null, null, []]);
    }
    expect((await world.app.request(ORIGIN + REFRESH, { method: "OPTIONS", headers: { origin: "https://evil.test", "access-control-request-method": "POST" } })).headers.get("access-control-allow-origin")).toBeNull();
    expect((await world.app.request(ORIGIN + REFRESH)).status).toBe(404);
  });

  it("[I11] an application that lets every origin read lets none read these, whether its `cors()` is behind them, as it should be, or in front", async () => {
    const permissive = cors({ origin: (origin) => origin, credentials: true, exposeHeaders: ["Secure-Session-Challenge", "Secure-Session-Registration", "Set-Cookie"] });
    for (const place of ["behind", "in front"] as const) {
      const world = boundWorld();
      const app = new Hono<SessionEnv<Data>>();
      const routes = bindingRoutes(world.sessions, world.binding);
      if (place === "in front") app.use(permissive, (c, next) => (c.header("x-request-id", "7"), next()));
      app.route("/", routes);
      if (place === "behind") app.use(permissive);
      app.use(boundSession(world.sessions, world.binding));
      app.post("/sign-in", (c) => (c.var.session.start("ada"), c.text("in")));
      app.get("/", (c) => c.text("home"));
      const browser = new BindingBrowser(app, world.clock.now);
      await browser.post("/sign-in");
      const { key, instructions, challenge } = only(browser);
      const evil = { origin: "https://evil.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
      const id = { "sec-secure-session-id": instructions.session_identifier };
      const proof = { "secure-session-response": proofOf(key, { jti: challenge }) };
      const answers = [await browser.raw("POST", REFRESH, evil), await browser.raw("POST", REFRESH, { ...evil, ...id }), await browser.raw("POST", REFRESH, { ...evil, ...id, ...proof }), await browser.raw("POST", REGISTER, { ...evil, ...proof }), await browser.raw("POST", REFRESH, { ...evil, ...id, cookie: "" })];
      expect(answers.map(({ status }) => status)).toEqual([400, 403, 200, 400, 503]);
      for (const { headers } of answers) expect([place, [...headers.keys()].filter((name) => name.startsWith("access-control-")), headers.get("cross-origin-resource-policy")]).toEqual([place, [], "same-origin"]);
      // The rest of the application answers as it likes, and so do what others put beside.
      expect((await browser.raw("GET", "/", evil)).headers.get("access-control-allow-origin")).toBe("https://evil.test");
      if (place === "in front") expect(answers[0]?.headers.get("x-request-id")).toBe("7");
    }
  });

  it("[I06] is a 503 in an outage, and the browser keeps its session; then it goes on", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    browser.expireTicket();
    world.fail = new Error("down");
    expect((await browser.get("/private")).status).toBe(503);
    expect(browser.refreshes).toEqual([503]);
    expect(browser.sessions.size).toBe(1);
    world.fail = undefined;
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[I06] a second cookie that somebody put beside it is no reason to let go: 503, and with its own alone the browser goes on", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const [name, { value }] = first([...browser.jar].filter(([cookie]) => cookie.includes("sid")));
    const session = only(browser);
    const ask = async (cookie: string): Promise<number> => (await world.app.request(ORIGIN + REFRESH, { method: "POST", headers: { cookie, "sec-secure-session-id": session.instructions.session_identifier } })).status;
    for (const cookie of [`${name}=${value}; ${name}=${value}`, `${name}=x; a=b;${name}=${value}`, `${name}=${value}; ${name}=`]) expect(await ask(cookie), cookie.replaceAll(value, "v")).toBe(503);
    // Without its own it is over: the cookie of a session goes with the browser, its binding stays. So it is where another took its place.
    for (const cookie of ["", "other=x", `${name}=x`, `${name}=${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`]) expect(await ask(cookie), cookie).toBe(404);
    expect(await ask(`${name}=${value}`)).toBe(403);
    browser.expireTicket();
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[I06] never 401, 429 or a redirect, whatever state the session is in", async () => {
    const world = boundWorld();
    const statuses = new Set<number>();
    const ask = async (browser: Awaited<ReturnType<typeof boundBrowser>>, id: string): Promise<number> => {
      const { status } = await browser.raw("POST", REFRESH, { "sec-secure-session-id": id });
      statuses.add(status);
      return status;
    };
    const browser = await boundBrowser(world);
    const id = only(browser).instructions.session_identifier;
    expect(await ask(world.browser(), id)).toBe(404);
    expect(await ask(await boundBrowser(world), id)).toBe(404);
    const old = browser.copyJar();
    await browser.post("/sign-in");
    // Replaced a moment ago: perhaps a request that was overtaken.
    expect(await ask(old, id)).toBe(503);
    const gone = await boundBrowser(world);
    const goneId = only(gone).instructions.session_identifier;
    const jar = gone.copyJar();
    await gone.post("/session/logout");
    expect(await ask(jar, goneId)).toBe(404);
    expect([...statuses].every((status) => status === 404 || status === 503)).toBe(true);
  });
});

describe("a sign-out", () => {
  it("ends the session on the server, takes the ticket, and has the browser forget the key", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const copy = browser.copyJar();
    const answer = await browser.post("/session/logout");
    expect([answer.status, answer.headers.get("clear-site-data")]).toEqual([204, '"cookies", "storage"']);
    expect([browser.jar.size, browser.sessions.size]).toEqual([0, 0]);
    expect((await copy.get("/private")).status).toBe(401);
    // One that comes again, and one from elsewhere, wipe nothing.
    expect((await copy.get("/")).headers.has("clear-site-data")).toBe(false);
  });

  it("works without a ticket, and adds to what the application clears", async () => {
    const world = boundWorld({ session: { clearSiteData: ["storage"] } });
    const browser = await boundBrowser(world);
    browser.expireTicket();
    const answer = await browser.raw("POST", "/session/logout", { origin: ORIGIN });
    expect([answer.status, answer.headers.get("clear-site-data")]).toEqual([204, '"storage"']);
    expect(await world.sessions.list("ada")).toEqual([]);
  });

  it("while a refresh is under way: its late answer signs nobody in", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const session = only(browser);
    const jar = browser.cookie;
    // The ticket has been made, and arrives after the sign-out.
    browser.during = () => world.app.request(`${ORIGIN}/session/logout`, { method: "POST", headers: { cookie: jar, origin: ORIGIN } });
    await browser.refresh(session);
    browser.during = undefined;
    expect((await browser.get("/private")).status).toBe(401);
    await browser.refresh(session);
    expect(browser.refreshes.at(-1)).toBe(404);
  });

  it("while a registration is under way: nothing is bound, and what was answered before it signs nobody in", async () => {
    const world = boundWorld();
    const browser = world.browser();
    const { jti, authorization } = await invitationOf(browser);
    const key = newKey();
    const headers = { cookie: browser.cookie, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "secure-session-response": proofOf(key, { jti, authorization }, { jwk: key.jwk }) };
    const request = new Request(ORIGIN + REGISTER, { method: "POST", headers });
    const opened = world.sessions.prepare(request);
    const raced = { transport: "cookie", load: async (how?: { authoritative?: boolean }) => {
      const state = await opened.load(how);
      if (state.kind === "active") await world.sessions.revoke(state.id, "logout");
      return state;
    } };
    expect(await world.binding.register(raced as never, request)).toEqual({ outcome: "refused", why: "no_session" });
    // The other order: bound first, and the sign-out before the browser has its answer.
    const second = world.browser();
    second.binds = false;
    const invited = await second.post("/sign-in");
    const late = second.copyJar();
    second.binds = true;
    await second.heed(invited);
    expect((await late.raw("POST", "/session/logout", { origin: ORIGIN })).status).toBe(204);
    expect(second.sessions.size).toBe(1);
    expect((await second.get("/private")).status).toBe(401);
    second.expireTicket();
    expect((await second.get("/private")).status).toBe(401);
    expect([second.refreshes, second.sessions.size]).toEqual([[404], 0]);
    expect(await world.sessions.list("ada")).toEqual([]);
  });

  it("that comes between the proof and the ticket: there is no ticket", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const { key, challenge } = only(browser);
    const request = new Request(ORIGIN + REFRESH, { method: "POST", headers: { cookie: browser.cookie, "sec-secure-session-id": only(browser).instructions.session_identifier, "secure-session-response": proofOf(key, { jti: challenge }) } });
    const opened = world.sessions.prepare(request);
    const state = await opened.load();
    if (state.kind === "active") await world.sessions.revoke(state.id);
    expect(await world.binding.refresh(opened, request)).toEqual({ outcome: "over" });
  });
});

describe("policy", () => {
  it("[I10] `prefer`: a browser that cannot bind goes on with its cookie", async () => {
    const world = boundWorld();
    const browser = world.browser();
    browser.binds = false;
    await browser.post("/sign-in");
    world.clock.advance(20 * MINUTE);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[I10] `require`: one that has not bound in time is refused, and whoever has is not", async () => {
    const world = boundWorld({ bind: "require" });
    const plain = world.browser();
    plain.binds = false;
    await plain.post("/sign-in");
    const bound = await boundBrowser(world);
    expect((await plain.get("/private")).status).toBe(200);
    world.clock.advance(2 * MINUTE + 1);
    expect(await code(await plain.get("/private"))).toBe("proof_required");
    expect((await bound.get("/private")).status).toBe(200);
    expect(world.events.at(-1)).toMatchObject({ type: "device_refused", why: "unbound" });
    expect((await plain.get("/static/app.js")).status).toBe(200);
    expect((await plain.post("/sign-in")).status).toBe(302);
  });

  it("`off`: nobody is asked and no ticket is looked at; browsers that are bound stay so, for servers that look", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const off = boundWorld({ bind: "off", store: world.store, core: { store: world.store } });
    const plain = off.browser();
    await plain.post("/sign-in");
    expect(plain.registrations).toEqual([]);
    expect(off.binding.invitation({ kind: "none" }, ORIGIN)).toBeUndefined();
    const asked = await off.app.request(ORIGIN + REFRESH, { method: "POST", headers: { cookie: browser.cookie, "sec-secure-session-id": only(browser).instructions.session_identifier } });
    expect([asked.status, asked.headers.has("secure-session-challenge")]).toEqual([403, true]);
    expect((await off.app.request(ORIGIN + REFRESH, { method: "POST", headers: { "sec-secure-session-id": only(browser).instructions.session_identifier } })).status).toBe(404);
    expect((await off.app.request(ORIGIN + REGISTER, { method: "POST" })).status).toBe(400);
    expect(off.binding.check((await world.sessions.open(new Headers({ cookie: browser.cookie }))).state, new Headers())).toEqual({ outcome: "free" });
  });

  it("[I12] a browser that could not refresh is refused, or let through where that was chosen, and told of in any case", async () => {
    for (const [skipped, status] of [["refuse", 401], ["allow", 200]] as const) {
      const world = boundWorld({ skipped });
      const browser = await boundBrowser(world);
      world.clock.advance(FIRST_TICKET);
      browser.expireTicket();
      for (const header of ["unreachable", `server_error;session_identifier="${only(browser).instructions.session_identifier}"`, "quota_exceeded"]) expect((await browser.raw("GET", "/private", { "secure-session-skipped": header })).status).toBe(status);
      for (const header of ["nothing", "", '"unreachable"', `${"x,".repeat(5000)}unreachable`]) expect((await browser.raw("GET", "/private", { "secure-session-skipped": header })).status).toBe(401);
      const told = world.events.flatMap((event) => (event.type === "device_skipped" ? [[event.reason, event.action]] : []));
      expect(told).toEqual([["unreachable", skipped], ["server_error", skipped], ["quota_exceeded", skipped]]);
    }
    expect(() => boundWorld({ skipped: "allow", profile: "banking" })).toThrow("skipped");
  });

  it("[I12] no event has a secret in it, whatever comes: credentials, tickets, challenges, proofs and keys of a whole life are looked for", async () => {
    const secrets = new Map<string, string>();
    const world = boundWorld();
    const watched = { request: async (url: string, init: RequestInit): Promise<Response> => {
      const response = await world.app.request(url, init);
      const note = (what: string, text: string | null): void => {
        for (const part of text?.split(/[",;=.\s]+/) ?? []) if (part.length >= 22) secrets.set(part, `${secrets.get(part) ?? ""} ${what}`);
      };
      const headers = new Headers(init.headers);
      for (const name of ["cookie", "secure-session-response"]) note(name, headers.get(name));
      for (const name of ["secure-session-challenge", "secure-session-registration"]) note(name, response.headers.get(name));
      for (const line of response.headers.getSetCookie()) note("set-cookie", line.split(";")[0]?.split("=")[1] ?? "");
      return response;
    } };
    const browser = new BindingBrowser(watched, world.clock.now);
    await browser.post("/sign-in");
    const session = only(browser);
    const { instructions, key } = session;
    const [name] = first([...browser.jar].filter(([cookie]) => cookie.includes("bound")));
    const id = { "sec-secure-session-id": instructions.session_identifier };
    world.clock.advance(MINUTE);
    // What each fault was of: a good proof, one of a wrong key, of an old challenge, one that is none; a ticket altered, over, of no key; none, with a reason.
    for (const proof of [proofOf(key, { jti: session.challenge }), proofOf(newKey(), { jti: session.challenge }), proofOf(key, { jti: "x".repeat(54) }), `${"s".repeat(30)}.${"t".repeat(30)}.u`]) await browser.raw("POST", REFRESH, { ...id, "secure-session-response": proof });
    await browser.raw("POST", REGISTER, { origin: ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "secure-session-response": proofOf(key, { jti: session.challenge }, { jwk: key.jwk }) });
    const { value } = browser.jar.get(name) ?? { value: "" };
    for (const ticket of [value.replaceAll(/.$/g, (last) => (last === "A" ? "B" : "A")), `AAM${value.slice(3)}`]) {
      browser.jar.set(name, { value: ticket, until: Number.POSITIVE_INFINITY, attributes: "" });
      await browser.raw("GET", "/private");
    }
    browser.jar.set(name, { value, until: Number.POSITIVE_INFINITY, attributes: "" });
    world.clock.advance(6 * MINUTE);
    await browser.raw("GET", "/private");
    browser.expireTicket();
    await browser.raw("GET", "/private", { "secure-session-skipped": `unreachable;why="${value}"` });
    await browser.raw("GET", "/private");
    browser.alg = "RS256";
    await browser.post("/sign-in");
    await browser.post("/session/logout");
    expect(new Set(world.events.map(({ type }) => type))).toEqual(new Set(["device_bound", "device_refreshed", "device_challenged", "device_registration_refused", "device_refused", "device_indeterminate", "device_skipped"]));
    for (const [what, part] of Object.entries({ ...key.jwk, d: key.privateKey.export({ format: "jwk" }).d })) if (what.length === 1) secrets.set(String(part), what);
    const kinds = [...secrets.values()].join(" ").split(" ");
    for (const kind of ["cookie", "set-cookie", "secure-session-response", "secure-session-challenge", "secure-session-registration", "x", "y", "d"]) expect(kinds).toContain(kind);
    expect(secrets.size).toBeGreaterThan(30);
    const told = inspect([world.events, world.sessionEvents], { depth: 9, maxArrayLength: null, maxStringLength: null, showHidden: true });
    expect(told).toContain(instructions.session_identifier);
    for (const [secret, what] of secrets) expect(told.includes(secret), what).toBe(false);
  });

  it("a page can be shown its way instead", async () => {
    const world = boundWorld({ session: { refused: (c, why) => c.redirect(`/sign-in?why=${why}`) } });
    const browser = await boundBrowser(world);
    world.clock.advance(FIRST_TICKET);
    browser.expireTicket();
    const answer = await browser.raw("GET", "/private");
    expect([answer.status, answer.headers.get("location"), answer.headers.getSetCookie()]).toEqual([302, "/sign-in?why=no_ticket", []]);
  });

  it("keys of a ticket rotate as those of credentials do; one that is not here yet is a 503", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    const later = { ...keys, keys: [{ id: 1, secret: Buffer.alloc(32, 2).toString("base64url"), state: "retired" as const, since: 0 }, { id: 2, secret: Buffer.alloc(32, 9).toString("base64url"), state: "active" as const, since: 0 }] };
    const next = boundWorld({ keys: later, core: { keys: later, store: world.store }, store: world.store });
    const ask = (app: typeof world.app) => app.request(`${ORIGIN}/private`, { headers: { cookie: browser.cookie } });
    expect((await ask(next.app)).status).toBe(200);
    // A ticket of the new key, at a server that does not have it.
    const [name] = first([...browser.jar].filter(([cookie]) => cookie.includes("bound")));
    const strange = browser.copyJar();
    strange.jar.set(name, { value: `AAM${"A".repeat(29)}`, until: Number.POSITIVE_INFINITY, attributes: "" });
    expect((await strange.raw("GET", "/private")).status).toBe(503);
    expect(world.events.at(-1)).toMatchObject({ type: "device_indeterminate", of: "ticket", handle: only(browser).instructions.session_identifier });
    // On a path that needs none it is nobody's news.
    const told = world.events.length;
    expect((await strange.raw("GET", "/static/app.js")).status).toBe(200);
    expect(world.events).toHaveLength(told);
  });
});

describe("where it is mounted", () => {
  it("the routes refuse to work inside of a session, where a bad proof would have it renewed", async () => {
    const world = boundWorld();
    const app = new Hono();
    app.onError((error) => new Response(error.message, { status: 500 }));
    app.use(session(world.sessions));
    app.route("/", bindingRoutes(world.sessions, world.binding));
    const answer = await app.request(ORIGIN + REFRESH, { method: "POST" });
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("bindingRoutes") as string]);
  });

  it("paths are as browsers see them: below `basePath` too, and where the routes cannot be reached each request says so", async () => {
    const world = boundWorld({ base: "/api/session" });
    const ask = async (make: (app: Hono) => void, path: string): Promise<[number, string]> => {
      const app = new Hono();
      app.onError((error) => new Response(error.message, { status: 500 }));
      make(app);
      const answer = await app.request(ORIGIN + path, { method: "POST", headers: { "sec-secure-session-id": "x", origin: ORIGIN } });
      return [answer.status, await answer.text()];
    };
    const routes = (): Hono => bindingRoutes(world.sessions, world.binding);
    expect((await ask((app) => app.basePath("/api").route("/", routes()), "/api/session/dbsc/refresh"))[0]).toBe(404);
    expect((await ask((app) => app.route("/", routes()), "/api/session/dbsc/refresh"))[1]).toContain("not_found");
    expect((await ask((app) => app.route("/api/session", routes()), "/api/session/dbsc/register"))[0]).toBe(400);
    expect((await ask((app) => app.route("/:any", routes()), "/api/session/dbsc/register"))[0]).toBe(400);
    expect((await ask((app) => app.route("/", routes()), "/api/api/session/dbsc/refresh"))[0]).toBe(404);
    for (const at of ["/v2", "/api/session/dbsc2"]) expect(await ask((app) => app.route(at, routes()), `${at}/x`)).toEqual([500, expect.stringMatching(/^path: .*\/api\/session\/dbsc/) as string]);
    // Not mounted, or behind: a browser would take its 404 for an answer.
    for (const path of ["/api/session/dbsc/register", "/api/session/dbsc/refresh"]) {
      expect(await ask((app) => app.use(boundSession(world.sessions, world.binding) as never), path)).toEqual([500, expect.stringMatching(/^bindingRoutes: /) as string]);
    }
  });

  it("the session routes may be elsewhere: a sign-out there needs no ticket, and their view tells who has to sign in", async () => {
    const world = boundWorld({ base: "/auth", exclude: ["/sign-in"] });
    world.app.route("/auth", sessionRoutes(world.sessions, { now: world.clock.now }));
    const browser = await boundBrowser(world);
    world.clock.advance(MINUTE);
    browser.expireTicket();
    browser.sessions.clear();
    expect(await (await browser.raw("GET", "/auth")).json()).toEqual({ state: "none" });
    expect((await browser.raw("POST", "/session/logout", { origin: ORIGIN })).status).toBe(401);
    expect((await browser.raw("POST", "/auth/logout", { origin: ORIGIN })).status).toBe(204);
    expect(await world.sessions.list("ada")).toEqual([]);
  });

  it("a lazy session that nobody looks at is read for the ticket's sake only where a ticket is needed; `except` stays without a session", async () => {
    const world = boundWorld({ session: { lazy: true, except: ["/"] } });
    const browser = await boundBrowser(world);
    world.clock.advance(5000);
    await browser.get("/private");
    for (const [path, reads] of [["/static/app.js", []], ["/", []], ["/private", ["read"]]] as const) {
      world.calls.length = 0;
      expect((await browser.get(path)).status).toBe(200);
      expect(world.calls, path).toEqual(reads);
    }
  });

  it("two realms in one app each have their own", async () => {
    const shop = boundWorld();
    const admin = boundWorld({ realm: "admin", core: { realm: "admin" } });
    const app = new Hono();
    app.route("/", bindingRoutes(shop.sessions, shop.binding));
    app.route("/", bindingRoutes(admin.sessions, admin.binding));
    app.use(csrf());
    app.use(boundSession(shop.sessions, shop.binding));
    app.use("/admin/*", boundSession(admin.sessions, admin.binding));
    app.post("/admin/sign-in", (c) => {
      (c.get("session" as never) as { start(subject: string): void }).start("root");
      return c.text("in");
    });
    app.get("/admin/private", (c) => ((c.get("session" as never) as { state: { kind: string } }).state.kind === "active" ? c.text("root") : problem("expired")));
    const browser = new BindingBrowser(app, admin.clock.now);
    await browser.post("/admin/sign-in");
    expect(browser.registrations).toEqual([200]);
    expect((await browser.get("/admin/private")).status).toBe(200);
    admin.clock.advance(FIRST_TICKET);
    browser.expireTicket();
    expect((await browser.raw("GET", "/admin/private")).status).toBe(401);
    expect((await browser.get("/admin/private")).status).toBe(200);
  });
});
