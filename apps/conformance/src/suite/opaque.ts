import { createCsrfTokens } from "@holdfast/session-core/csrf";
import type { Case, Suite } from "./case.ts";
import { same, has, yes } from "./expect.ts";
import { Browser, createWorld, KEYS, MINUTE, SECOND, setCookies, signedIn } from "./world.ts";

const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const cases: readonly Case[] = [
  {
    name: "a visitor costs nothing: no cookie, no call of the store",
    async run() {
      const { app, calls } = createWorld();
      const visitor = new Browser(app);
      for (const path of ["/", "/cached", "/session"]) same(setCookies(await visitor.get(path)), [], path);
      same((await visitor.get("/account")).status, 401);
      same(calls, []);
    },
  },
  {
    name: "a sign-in makes a new id, takes the guest's cart along, and the guest's credential is dead",
    async run() {
      const { app } = createWorld();
      const browser = new Browser(app);
      same((await browser.post("/cart/rope")).status, 204);
      const guest = browser.copy();
      const before = await guest.view();
      has(before, { state: "guest" });
      await browser.post("/sign-in");
      const after = await browser.view();
      has(after, { state: "active", subject: "ada" });
      yes(after["id"] !== before["id"], "the id is a new one");
      same(await (await browser.get("/account")).json(), { subject: "ada", cart: ["rope"] });
      has(await (await guest.get("/session")).json(), { code: "superseded", status: 401 });
    },
  },
  {
    name: "the ratchet: parallel requests get one successor, the old one lives until it was used, and an old copy ends the session",
    async run() {
      const { app, clock, events } = createWorld();
      const browser = await signedIn(app);
      const old = browser.copy();
      clock.advance(10 * MINUTE);
      const answers = await Promise.all(times(5).map(() => old.copy().get("/account")));
      const successors = new Set(answers.flatMap(setCookies).map(({ value }) => value));
      same([answers.map(({ status }) => status), successors.size], [[200, 200, 200, 200, 200], 1]);
      await browser.get("/account");
      same(successors.has([...browser.jar.values()][0] ?? ""), true, "the same successor again");
      same((await browser.get("/account")).status, 200);
      same([(await old.copy().get("/account")).status, setCookies(await old.copy().get("/account")).length], [200, 0], "within the overlap, without a new cookie");
      clock.advance(66 * SECOND);
      same((await old.copy().get("/account")).status, 401, "after it");
      same(await browser.view(), { state: "none", ended: "reuse" });
      yes(events.some(({ type }) => type === "session_reuse_detected"), "there is an event");
    },
  },
  {
    name: "20 parallel updates are all kept",
    async run() {
      const { app } = createWorld();
      const browser = await signedIn(app);
      same((await Promise.all(times(20).map((i) => browser.copy().post(`/cart/${i}`)))).map(({ status }) => status), times(20).map(() => 204));
      const { cart } = (await (await browser.get("/account")).json()) as { cart: string[] };
      same([...cart].sort(), times(20).map(String).sort());
    },
  },
  {
    name: "writes of other sites are refused, and nothing is written",
    async run() {
      const { app, calls } = createWorld();
      const browser = await signedIn(app);
      calls.length = 0;
      for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": undefined, origin: "https://evil.test" }, { "sec-fetch-site": undefined }]) {
        const refused = await browser.post("/cart/rope", undefined, headers);
        has(await refused.json(), { status: 403, code: "csrf" }, JSON.stringify(headers));
      }
      same(calls, []);
      same((await browser.post("/cart/rope", undefined, { "sec-fetch-site": undefined, origin: "https://shop.test" })).status, 204);
    },
  },
  {
    name: "CSRF tokens belong to their session",
    async run() {
      const { app } = createWorld({ core: { csrf: createCsrfTokens({ keys: KEYS }) } });
      const [ada, other] = [await signedIn(app), await signedIn(app)];
      const tokenOf = async (browser: Browser): Promise<string> => (await browser.get("/session")).headers.get("x-csrf-token") ?? "";
      const [mine, theirs] = [await tokenOf(ada), await tokenOf(other)];
      const statuses = [];
      for (const token of ["", theirs, `${mine.slice(0, -2)}AA`, mine]) statuses.push((await ada.post("/cart/rope", undefined, token ? { "x-csrf-token": token } : {})).status);
      same(statuses, [403, 403, 403, 204]);
    },
  },
  {
    name: "a sign-out ends the session for every copy and deletes the cookie",
    async run() {
      const { app } = createWorld();
      const browser = await signedIn(app);
      const copy = browser.copy();
      const answer = await browser.post("/session/logout", { scope: "this" });
      same([answer.status, browser.jar.size], [204, 0]);
      same(await copy.view(), { state: "none", ended: "logout" });
      same((await copy.post("/cart/rope")).status === 204 && (await copy.view())["state"] === "active", false, "nothing revives it");
    },
  },
  {
    name: "what is revoked is over: one, all of a subject, everything; and a watch hears of it",
    async run() {
      const { app, sessions, clock } = createWorld();
      const [one, two, three] = [await signedIn(app), await signedIn(app), await signedIn(app)];
      const id = (await one.view())["id"] as Parameters<typeof sessions.revoke>[0];
      const stop = new AbortController();
      const signal = sessions.watch(id, { signal: stop.signal });
      await sessions.revoke(id);
      yes(signal.aborted, "the watch fired");
      stop.abort();
      same([await one.view(), (await two.view())["state"]], [{ state: "none", ended: "revoked" }, "active"]);
      clock.advance(1);
      await sessions.revokeAll("ada");
      same(await two.view(), { state: "none", ended: "revoked" });
      clock.advance(1);
      const four = await signedIn(app);
      has(await four.view(), { state: "active" });
      await sessions.revokeEverything();
      for (const browser of [three, four]) same(await browser.view(), { state: "none", ended: "revoked" });
    },
  },
  {
    name: "an elevation gives its rights to the new credential only, whose use kills the old one",
    async run() {
      const { app } = createWorld();
      const browser = await signedIn(app);
      const old = browser.copy();
      same((await browser.get("/admin")).status, 403);
      same((await browser.post("/elevate")).status, 200);
      same([(await old.copy().get("/admin")).status, (await old.copy().get("/account")).status], [403, 200], "the old one, before the new one was used");
      same((await browser.get("/admin")).status, 200);
      has(await (await old.get("/account")).json(), { code: "superseded" });
    },
  },
  {
    name: "idle and absolute limits end a session at their moment, and polling does not slide idle",
    async run() {
      const { app, clock } = createWorld({ core: { policy: { idle: 30 * MINUTE, absolute: 120 * MINUTE } } });
      const browser = await signedIn(app);
      const poller = browser.copy();
      clock.advance(20 * MINUTE);
      has(await browser.view(), { idleIn: 600, expiresIn: 6000 });
      clock.advance(10 * MINUTE - 1);
      same((await browser.copy().get("/account", { "session-activity": "none" })).status, 200);
      clock.advance(1);
      same(await poller.view(), { state: "none", ended: "idle" });
      const active = await signedIn(app);
      for (const _ of times(5)) {
        clock.advance(20 * MINUTE);
        same((await active.get("/account")).status, 200);
      }
      clock.advance(20 * MINUTE - 1);
      same((await active.copy().get("/account")).status, 200);
      clock.advance(1);
      // The row is gone with it, and so is the reason.
      same(await active.view(), { state: "none" });
    },
  },
  {
    name: "a forged credential is refused without a call of the store",
    async run() {
      const { app, calls } = createWorld();
      const browser = await signedIn(app);
      const [[name = "", value = ""] = []] = browser.jar;
      same(value.length, 96);
      calls.length = 0;
      for (const at of [0, 12, 40, 90, 95]) {
        const changed = value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
        same(await new Browser(app, [[name, changed]]).view(), { state: "none" }, `changed at ${at}`);
      }
      same(calls, []);
    },
  },
  {
    name: "devices are listed and ended, and a limit on parallel sessions holds",
    async run() {
      const { app, sessions } = createWorld();
      const [here, there] = [await signedIn(app), await signedIn(app)];
      const { devices } = (await (await here.get("/session/devices")).json()) as { devices: { id: string; current: boolean }[] };
      same(devices.map(({ current }) => current).sort(), [false, true]);
      same((await here.send("DELETE", `/session/devices/${devices.find(({ current }) => !current)?.id ?? ""}`)).status, 204);
      same([(await here.view())["state"], await there.view()], ["active", { state: "none", ended: "revoked" }]);
      same((await sessions.list("ada")).length, 1);
      const limited = createWorld({ core: { policy: { concurrent: { max: 1, whenFull: "reject" } } } });
      await signedIn(limited.app);
      has(await (await new Browser(limited.app).post("/sign-in")).json(), { status: 403, code: "limit_reached" });
    },
  },
  {
    name: "a bearer client renews by refresh, in the body only",
    async run() {
      const { app, sessions, clock } = createWorld();
      const { credential } = await sessions.issue("ada");
      clock.advance(11 * MINUTE);
      const client = new Browser(app);
      const answer = await client.post("/session/refresh", undefined, { authorization: `Bearer ${credential.reveal()}` });
      const { credential: next } = (await answer.json()) as { credential: string };
      same([answer.status, next.length, setCookies(answer).length], [200, 96, 0]);
      same(await (await client.get("/account", { authorization: `Bearer ${next}` })).json(), { subject: "ada", cart: [] });
    },
  },
  {
    name: "while the store is down nobody is signed out: 503, and no cookie is touched",
    async run() {
      const world = createWorld();
      const browser = await signedIn(world.app);
      const { cookie } = browser;
      world.down = true;
      const answer = await browser.get("/account");
      same([answer.status, answer.headers.get("retry-after"), setCookies(answer).length], [503, "1", 0]);
      world.down = false;
      same([(await browser.get("/account")).status, browser.cookie], [200, cookie]);
    },
  },
];

export const opaque: Suite = { name: "opaque sessions", cases };
