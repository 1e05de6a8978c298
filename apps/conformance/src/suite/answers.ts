import { parseDeadlines, parseProblemType } from "@holdfast/session-protocol";
import type { Case, Suite } from "./case.ts";
import { same, yes } from "./expect.ts";
import { Browser, createWorld, MINUTE, setCookies, signedIn } from "./world.ts";

const problemOf = async (response: Response): Promise<unknown> => {
  const { type, status } = (await response.json()) as { type: string; status: number };
  return [response.status === status, status, parseProblemType(type), response.headers.get("content-type"), response.headers.get("cache-control")];
};
const problem = (status: number, name: string): unknown => [true, status, name, "application/problem+json", "no-store"];

const cases: readonly Case[] = [
  {
    name: "refusals are problem documents that no cache keeps",
    async run() {
      const world = createWorld({ core: { maxDataBytes: 200 } });
      const browser = await signedIn(world.app);
      const visitor = new Browser(world.app);
      const expired = await visitor.get("/account");
      same(expired.headers.get("www-authenticate"), 'Session error="expired"');
      same(await problemOf(expired), problem(401, "expired"));
      same(await problemOf(await browser.get("/admin")), problem(403, "fresh_required"));
      same(await problemOf(await browser.post("/cart/x", undefined, { "sec-fetch-site": "cross-site" })), problem(403, "csrf"));
      same(await problemOf(await browser.post(`/cart/${"x".repeat(300)}`)), problem(413, "data_too_large"));
      same(await problemOf(await browser.send("DELETE", "/session/devices/AAAAAAAAAAAAAAAAAAAAAAAA")), problem(404, "not_found"));
      same(await problemOf(await browser.post("/session/logout", { scope: "nonsense" })), problem(400, "bad_request"));
      world.down = true;
      same(await problemOf(await browser.get("/account")), problem(503, "unavailable"));
    },
  },
  {
    name: "the cookie has its prefix and attributes, and answers that set it are not to be stored",
    async run() {
      const { app } = createWorld({ core: { cookie: { hint: true } } });
      const answer = await new Browser(app).post("/sign-in");
      const [credential, hint] = setCookies(answer).filter(({ gone }) => !gone);
      same(answer.headers.get("cache-control"), "no-store");
      const attributes = (header = ""): string[] => header.split("; ").slice(1).sort();
      same([credential?.name.startsWith("__Host-sid"), attributes(credential?.header)], [true, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]]);
      same([hint?.name, attributes(hint?.header).includes("HttpOnly")], ["__Host-sid-hint", false]);
    },
  },
  {
    name: "two Set-Cookie headers stay two: a sign-in deletes the guest's cookie and sets its own",
    async run() {
      const { app } = createWorld();
      const browser = new Browser(app);
      await browser.post("/cart/rope");
      const set = setCookies(await browser.post("/sign-in"));
      same(set.map(({ gone }) => gone).sort(), [false, true]);
      same(new Set(set.map(({ name }) => name)).size, 2);
    },
  },
  {
    name: "Session-Deadlines counts in whole seconds, for sessions only",
    async run() {
      const { app, clock } = createWorld();
      same((await new Browser(app).get("/")).headers.get("session-deadlines"), null);
      const browser = await signedIn(app);
      clock.advance(1500);
      const deadlines = parseDeadlines((await browser.get("/session")).headers.get("session-deadlines"));
      same([deadlines?.idle, deadlines?.absolute, (deadlines?.epoch ?? "") !== ""], [1798, 28_798, true]);
      same((await browser.get("/cached")).headers.get("session-deadlines"), null, "on what caches may keep");
    },
  },
  {
    name: "an answer with immutable headers gets its cookies all the same",
    async run() {
      const { app, clock } = createWorld();
      const browser = await signedIn(app);
      clock.advance(11 * MINUTE);
      const answer = await browser.get("/redirect");
      same([answer.status, answer.headers.get("location"), setCookies(answer).length], [302, "https://shop.test/", 1]);
    },
  },
  {
    name: "a stream goes out whole, after the write",
    async run() {
      const { app } = createWorld();
      const browser = await signedIn(app);
      const answer = await browser.post("/stream");
      same(await answer.text(), "one two three");
      same(await (await browser.get("/account")).json(), { subject: "ada", cart: ["streamed"] });
    },
  },
  {
    name: "Clear-Site-Data at a sign-out, by option",
    async run() {
      const { app } = createWorld({ routes: { clearSiteData: ["storage"] } });
      const browser = await signedIn(app);
      same((await browser.post("/session/logout")).headers.get("clear-site-data"), '"storage"');
    },
  },
  {
    name: "credentials do not get into JSON, text or a spread",
    async run() {
      const { sessions } = createWorld();
      const { credential } = await sessions.issue("ada");
      const secret = credential.reveal();
      const session = await sessions.open(new Headers());
      session.start("ada");
      const { cookies } = await session.commit();
      const value = cookies[0]?.value ?? "";
      const text = [String(credential), `${credential}`, JSON.stringify({ credential }), JSON.stringify(cookies), JSON.stringify({ ...cookies[0] })].join();
      yes(value.length === 96 && !text.includes(secret) && !text.includes(value), "a secret is in it");
    },
  },
];

export const answers: Suite = { name: "problems and headers", cases };
