import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browserlike, secretOf, setCookies, type View } from "./browserlike.ts";
import { manualClock, newDatabase, removeDatabases, runToEnd, startInside, startProgram } from "./portal-process.ts";

const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

afterAll(removeDatabases);

describe("the running portal, over HTTP, with SQLite", () => {
  let portal: Awaited<ReturnType<typeof startProgram>>;
  const visitor = (): Browserlike => new Browserlike(portal.url);
  const member = async (name = "ada"): Promise<Browserlike> => {
    const client = visitor();
    await client.signIn(name);
    return client;
  };
  const viewOf = (cookie: string): Promise<View> => visitor().json<View>("GET", "/session", undefined, cookie);

  beforeAll(async () => {
    portal = await startProgram();
  });
  afterAll(() => portal.stop());

  it("costs a visitor nothing: no cookie, no session", async () => {
    const client = visitor();
    for (const path of ["/", "/account", "/api/cart", "/api/prefs", "/session"]) {
      const response = await client.send("GET", path);
      expect(response.status, path).toBe(200);
      expect(setCookies(response), path).toEqual([]);
    }
    expect((await client.send("GET", "/api/admin")).status).toBe(401);
    expect((await client.send("POST", "/api/elevate", { password: "correct-horse" })).status).toBe(401);
  });

  it("carries the cart over a sign-in to a new id, and the guest's credential is dead", async () => {
    const client = visitor();
    await client.send("POST", "/api/cart", { item: "manila-line" });
    await client.send("POST", "/api/prefs", { key: "theme", value: "dark" });
    const guest = client.cookie;
    const before = await client.json<View>("GET", "/session");
    expect(before.state).toBe("guest");

    const signedIn = await client.signIn();
    expect(signedIn).toMatchObject({ cart: ["manila-line"], previousId: before.id });
    expect(signedIn.id).not.toBe(before.id);
    expect(await client.json("GET", "/session")).toMatchObject({ state: "active", id: signedIn.id, subject: "ada", data: { cartCount: 1 } });
    // Only what is on the list comes along.
    expect(await client.json("GET", "/api/prefs")).toEqual({});

    expect(await viewOf(guest)).toMatchObject({ code: "superseded", status: 401 });
    expect(await visitor().json("GET", "/api/cart", undefined, guest)).toEqual({ items: [] });
    expect((await visitor().send("POST", "/api/cart", { item: "rope" }, guest)).status).toBe(401);
  });

  it("answers an unknown user and a wrong password alike", async () => {
    const answers = await Promise.all([{ username: "ada", password: "wrong" }, { username: "nobody", password: "correct-horse" }, { username: "__proto__", password: "x" }].map((body) => visitor().send("POST", "/api/sign-in", body)));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(bodies).size).toBe(1);
    expect(answers.flatMap(setCookies)).toEqual([]);
  });

  it("keeps both of two parallel writes, 25 times", async () => {
    const client = await member();
    for (const round of times(25)) {
      const value = `round-${round}`;
      const answers = await Promise.all(["greeting", "theme"].map((key) => client.send("POST", "/api/prefs", { key, value })));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(await client.json("GET", "/api/prefs")).toEqual({ greeting: value, theme: value });
    }
  });

  it("keeps all of 20 parallel additions to a guest's cart", async () => {
    const client = visitor();
    await client.send("POST", "/api/cart", { item: "first" });
    await Promise.all(times(20).map((i) => client.send("POST", "/api/cart", { item: `thing-${i}` })));
    const { items } = await client.json<{ items: string[] }>("GET", "/api/cart");
    expect(items.toSorted()).toEqual(["first", ...times(20).map((i) => `thing-${i}`)].toSorted());
  });

  it("revives nobody in 15 races of a sign-out against writes", async () => {
    const watcher = await member("grace");
    for (const round of times(15)) {
      const client = visitor();
      const { id } = await client.signIn("grace");
      const before = client.cookie;
      const writes = (tag: string): Promise<Response>[] => times(3).map((i) => client.sendOnly("POST", i === 1 ? "/api/prefs" : "/api/cart", i === 1 ? { key: "greeting", value: tag } : { item: tag }));
      const racing = [...writes(`before-${round}`), client.sendOnly("POST", "/session/logout", { scope: "this" }), ...writes(`after-${round}`)];
      const answers = await Promise.all(racing);
      expect(answers[3]?.status).toBe(204);

      // Whatever the answers brought, in whichever order a browser would take them: nobody is signed in.
      const offered = answers.flatMap(setCookies).filter(({ gone }) => !gone);
      for (const cookie of [before, ...offered.map(({ name, value }) => `${name}=${value}`)]) expect((await viewOf(cookie)).state, `round ${round}`).toBe("none");
      const { devices } = await watcher.json<{ devices: { id: string }[] }>("GET", "/session/devices");
      expect(devices.map((device) => device.id)).not.toContain(id);
    }
  });

  it("refuses a credential with one changed character, at each of its 96 positions", async () => {
    const client = await member();
    await client.send("POST", "/api/cart", { item: "secret-thing" });
    const [[name, credential] = ["", ""]] = [...client.jar];
    expect(credential).toHaveLength(96);
    const outcomes = await Promise.all(
      times(96).map(async (at) => {
        const changed = credential.slice(0, at) + (credential[at] === "A" ? "B" : "A") + credential.slice(at + 1);
        const [view, cart] = await Promise.all(["/session", "/api/cart"].map((path) => visitor().sendOnly("GET", path, undefined, `${name}=${changed}`)));
        const text = `${await view?.text()}${await cart?.text()}`;
        return { at, statuses: [view?.status, cart?.status], refused: !text.includes("secret-thing") && !text.includes("active") && (view?.status === 503 || text.includes('"state":"none"')), cookies: [view, cart].flatMap((answer) => (answer ? setCookies(answer) : [])) };
      }),
    );
    expect(outcomes.filter(({ refused }) => !refused)).toEqual([]);
    expect(outcomes.flatMap(({ cookies }) => cookies)).toEqual([]);
    // Bytes 18 to 20 are the version and the key's id; they touch characters 24 to 27. Nothing else may look like a roll-out.
    expect(outcomes.filter(({ at, statuses }) => statuses[0] !== 200 && (at < 24 || at > 27))).toEqual([]);
    expect((await viewOf(client.cookie)).state).toBe("active");
  });

  it("gives an old credential no rights of an elevation, and kills it once the new one was used", async () => {
    const client = await member();
    const old = client.cookie;
    expect((await client.send("GET", "/api/admin")).status).toBe(403);
    expect((await client.send("POST", "/api/elevate", { password: "wrong" })).status).toBe(403);
    expect((await client.send("POST", "/api/elevate", { password: "correct-horse" })).status).toBe(200);
    expect(client.cookie).not.toBe(old);

    // The new one was not used yet: the old one still reads, without the rights.
    expect((await viewOf(old)).state).toBe("active");
    expect((await visitor().send("GET", "/api/admin", undefined, old)).status).toBe(403);

    expect((await client.send("GET", "/api/admin")).status).toBe(200);
    const late = await visitor().send("GET", "/api/admin", undefined, old);
    expect([late.status, setCookies(late)]).toEqual([401, []]);
    expect(await viewOf(old)).toMatchObject({ code: "superseded", status: 401 });
    expect((await client.send("GET", "/api/admin")).status).toBe(200);
  });

  it("lists devices, ends one, all others, and everything", async () => {
    const phone = new Browserlike(portal.url, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1");
    const [here, other] = [await member("grace"), await member("grace")];
    await here.send("POST", "/session/logout", { scope: "others" });
    const { id: phoneId } = await phone.signIn("grace");
    const list = async (): Promise<{ id: string; current: boolean; label: string }[]> => (await here.json<{ devices: { id: string; current: boolean; label: string }[] }>("GET", "/session/devices")).devices;

    expect((await viewOf(other.cookie)).state).toBe("none");
    expect((await list()).map(({ current, label }) => [label, current]).toSorted()).toEqual([["Chrome on Linux", true], ["Safari on iPhone", false]]);
    expect((await here.send("DELETE", `/session/devices/${phoneId}`)).status).toBe(204);
    expect(await viewOf(phone.cookie)).toMatchObject({ state: "none", ended: "revoked" });
    expect(await list()).toHaveLength(1);

    const ada = await member();
    const [adaDevice] = (await ada.json<{ devices: { id: string }[] }>("GET", "/session/devices")).devices;
    expect((await here.send("DELETE", `/session/devices/${adaDevice?.id ?? ""}`)).status).toBe(404);

    await phone.signIn("grace");
    const before = here.cookie;
    expect((await here.send("POST", "/session/logout", { scope: "all" })).status).toBe(204);
    expect([(await viewOf(before)).state, (await viewOf(phone.cookie)).state, (await viewOf(ada.cookie)).state]).toEqual(["none", "none", "active"]);
  });

  it("refuses writes that another site caused", async () => {
    const client = await member();
    const headers = { cookie: client.cookie, "content-type": "application/json" };
    const body = JSON.stringify({ item: "forged" });
    const foreign: Record<string, string>[] = [{ "sec-fetch-site": "cross-site", origin: "https://evil.example" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.example" }, { origin: "null" }, {}];
    for (const extra of foreign) expect((await fetch(`${portal.url}/api/cart`, { method: "POST", headers: { ...headers, ...extra }, body })).status).toBe(403);
    expect(await client.json("GET", "/api/cart")).toEqual({ items: [] });
  });

  it("answers bad input with 400 problem documents and keeps nothing of it", async () => {
    const client = await member();
    const bad: [string, unknown][] = [
      ["/api/cart", {}],
      ["/api/cart", { item: 5 }],
      ["/api/cart", { item: "" }],
      ["/api/cart", { item: "x".repeat(81) }],
      ["/api/cart", { item: "a\u0000b" }],
      ["/api/cart", "not json"],
      ["/api/cart", []],
      ["/api/cart", "null"],
      ["/api/cart", { item: "rope", filler: "x".repeat(5000) }],
      ["/api/prefs", '{"key":"__proto__","value":"x"}'],
      ["/api/prefs", '{"__proto__":{"key":"theme","value":"x"}}'],
      ["/api/prefs", { key: "theme" }],
      ["/api/prefs", { key: "theme", value: { deep: true } }],
      ["/api/prefs", { key: "x".repeat(41), value: "x" }],
      ["/api/prefs", { key: "theme", value: "x".repeat(201) }],
      ["/api/sign-in", { username: ["ada"], password: "correct-horse" }],
      ["/api/sign-in", { username: "ada", password: "x".repeat(257) }],
      ["/api/elevate", { password: null }],
    ];
    for (const [path, body] of bad) {
      const response = await client.send("POST", path, body);
      expect([path, body, response.status, response.headers.get("content-type")]).toEqual([path, body, 400, "application/problem+json"]);
    }
    expect([await client.json("GET", "/api/cart"), await client.json("GET", "/api/prefs")]).toEqual([{ items: [] }, {}]);
    await client.send("POST", "/api/prefs", { key: "constructor", value: "plain" });
    expect(await client.json("GET", "/api/prefs")).toEqual({ constructor: "plain" });
  });

  it("bounds the cart and the preferences", async () => {
    const client = visitor();
    for (const i of times(50)) expect((await client.send("POST", "/api/cart", { item: `thing-${i}` })).status).toBe(200);
    expect((await client.send("POST", "/api/cart", { item: "one too many" })).status).toBe(409);
    for (const i of times(20)) expect((await client.send("POST", "/api/prefs", { key: `k${i}`, value: "" })).status).toBe(200);
    expect((await client.send("POST", "/api/prefs", { key: "k20", value: "" })).status).toBe(409);
    expect((await client.send("POST", "/api/prefs", { key: "k3", value: "changed" })).status).toBe(200);
    expect((await client.send("DELETE", "/api/cart/thing-7")).status).toBe(200);
    expect((await client.send("DELETE", "/api/cart/thing-7")).status).toBe(404);
    expect((await client.json<{ items: string[] }>("GET", "/api/cart")).items).toHaveLength(49);
  });

  it("keeps a note with the account, not with the session, and for nobody else", async () => {
    const [client, other] = [await member(), await member("grace")];
    expect((await client.send("POST", "/api/note", { note: "fenders" })).status).toBe(200);
    await client.send("POST", "/session/logout", { scope: "this" });
    expect((await client.send("GET", "/api/note")).status).toBe(401);
    expect((await client.send("POST", "/api/note", { note: "late" })).status).toBe(401);
    expect(await (await member()).json("GET", "/api/note")).toEqual({ note: "fenders" });
    expect(await other.json("GET", "/api/note")).toEqual({ note: "" });
    expect((await other.send("POST", "/api/note", { note: "x".repeat(281) })).status).toBe(400);
  });

  it("guards its pages, and lets only hashed files be kept", async () => {
    const client = await member();
    const page = await client.send("GET", "/account");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("cache-control")).toContain("no-cache");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/i);
    const [, written = ""] = /<meta name="portal-session" content="([^"]+)"/.exec(html) ?? [];
    const { idleIn: _, expiresIn: __, authenticatedAgo: ___, ...lasting } = await client.json("GET", "/session");
    expect(JSON.parse(written.replaceAll("&quot;", '"'))).toMatchObject(lasting);
    expect([page.headers.get("x-frame-options"), /frame-ancestors ('\w+')/.exec(page.headers.get("content-security-policy") ?? "")?.[1]]).toEqual(["DENY", "'none'"]);
    const chart = await client.send("GET", "/size-chart");
    expect([chart.status, chart.headers.get("x-frame-options"), /frame-ancestors ('\w+')/.exec(chart.headers.get("content-security-policy") ?? "")?.[1], chart.headers.getSetCookie()]).toEqual([200, "SAMEORIGIN", "'self'", []]);
    const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(assets.length).toBeGreaterThanOrEqual(2);
    for (const path of assets) {
      const asset = await client.send("GET", path);
      expect([asset.status, asset.headers.get("cache-control"), asset.headers.get("session-deadlines"), asset.headers.get("vary")]).toEqual([200, "public, max-age=31536000, immutable", null, null]);
    }
    for (const path of ["/assets/../server/main.js", "/assets/%2e%2e/package.json", "/nothing", "/api/nothing"]) expect((await client.send("GET", path)).status, path).toBe(404);
  });
});

describe("at a time of our own", () => {
  it("gives 50 parallel refreshes one successor, and the rounds after it too", async () => {
    const clock = manualClock();
    const portal = await startInside(clock);
    try {
      const client = new Browserlike(portal.url);
      await client.signIn();
      for (const _round of times(3)) {
        clock.advance(61_000);
        const answers = await Promise.all(times(50).map(() => client.sendOnly("POST", "/session/refresh")));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        const secrets = answers.map((answer) => setCookies(answer).map(({ value }) => secretOf(value)));
        expect(secrets.every((found) => found.length === 1)).toBe(true);
        expect(new Set(secrets.flat()).size).toBe(1);
        expect(secrets[0]?.[0]).not.toBe(secretOf([...client.jar.values()][0] ?? ""));
        if (answers[0]) client.take(answers[0]);
        expect(await client.json("GET", "/session")).toMatchObject({ state: "active", subject: "ada" });
      }
    } finally {
      await portal.stop();
    }
  });

  it("closes the harbour office five minutes after the password, and the session when nobody comes", async () => {
    const clock = manualClock();
    const portal = await startInside(clock, { policy: { idle: 10 * 60_000, absolute: 60 * 60_000 } });
    try {
      const client = new Browserlike(portal.url);
      await client.signIn();
      await client.send("POST", "/api/elevate", { password: "correct-horse" });
      expect(await client.json("GET", "/api/admin")).toMatchObject({ subject: "ada", freshFor: 300 });
      clock.advance(5 * 60_000 - 1000);
      expect((await client.send("GET", "/api/admin")).status).toBe(200);
      clock.advance(2000);
      expect((await client.send("GET", "/api/admin")).status).toBe(403);

      clock.advance(9 * 60_000);
      expect((await client.send("POST", "/session/touch")).status).toBe(200);
      clock.advance(9 * 60_000);
      expect(await client.json("GET", "/session")).toMatchObject({ state: "active", idleIn: 60 });
      clock.advance(60_000);
      expect(await client.json("GET", "/session")).toEqual({ state: "none", ended: "idle" });
      expect((await client.send("POST", "/session/touch")).status).toBe(401);
      expect((await client.send("POST", "/api/cart", { item: "rope" })).status).toBe(401);
    } finally {
      await portal.stop();
    }
  });
});

describe("the program", () => {
  it("keeps sessions over a restart: the keys lie beside the database, for their owner only", async () => {
    const file = newDatabase();
    const first = await startProgram([], file);
    const client = new Browserlike(first.url);
    const { id } = await client.signIn();
    await first.stop();
    expect(first.child.exitCode).toBe(0);
    expect(statSync(`${file}.keys.json`).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(`${file}.keys.json`, "utf8")) as object)).toEqual(["subjectKey", "keys"]);

    const second = await startProgram([], file);
    expect(await new Browserlike(second.url).json("GET", "/session", undefined, client.cookie)).toMatchObject({ state: "active", id });
    await second.stop();
  });

  it("runs with memory, and says where it listens and who may sign in", async () => {
    const portal = await startProgram(["--store", "memory", "--idle", "30s", "--absolute", "10m"]);
    try {
      expect(portal.output.join("\n")).toMatch(/http:\/\/localhost:\d+[\s\S]*ada, grace[\s\S]*correct-horse[\s\S]*memory; idle 30 s, absolute 600 s/);
      const client = new Browserlike(portal.url);
      await client.signIn();
      const { idleIn } = await client.json<{ idleIn: number }>("GET", "/session");
      expect(idleIn).toBeLessThanOrEqual(30);
      const loopback = await fetch(portal.url.replace("localhost", "127.0.0.1"));
      expect(loopback.status).toBe(200);
    } finally {
      await portal.stop();
    }
  });

  it("refuses bad options with a word about them and code 2", async () => {
    const bad: [string[], RegExp, Record<string, string>?][] = [
      [["--idle", "5x"], /--idle is "5x"/],
      [["--idle"], /--idle needs a value/],
      [["--store", "paper"], /must be sqlite, memory, or a URL/],
      [["--store", "redis://:hunter2@sessions.test:6379"], /not encrypted, which is refused in production: use rediss/, { NODE_ENV: "production" }],
      [["--idle", "2h", "--absolute", "1h"], /--idle is longer than --absolute/],
      [["--absolute", "999d"], /no session lives for ever/],
      [["--idle", "30s", "--warn", "30s"], /--warn is not shorter than --idle/],
      [["--colour", "blue"], /Unknown option "--colour"/],
      [["--store", "memory"], /PORT is "high"/, { PORT: "high" }],
    ];
    const exits = await Promise.all(bad.map(([args, , env]) => runToEnd(args, env)));
    for (const [i, exit] of exits.entries()) {
      expect(exit.code).toBe(2);
      expect(exit.output).toMatch(bad[i]?.[1] ?? /$^/);
    }
    expect(await runToEnd(["--help"])).toMatchObject({ code: 0 });
  });
});
