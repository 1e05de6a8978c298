import { createSessions } from "@holdfast/session-core";
import { type BoundAlgorithm, createDeviceBinding } from "@holdfast/session-core/bound";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, requireSession, type SessionEnv } from "@holdfast/session-hono";
import { bindingRoutes, boundSession } from "@holdfast/session-hono/bound";
import { Hono } from "hono";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import type { Case, Suite } from "./case.ts";
import { has, same, yes } from "./expect.ts";
import { Browser, clockAt, type Data, KEYS, MINUTE, ORIGIN, setCookies } from "./world.ts";

const REGISTER = "/session/dbsc/register";
const REFRESH = "/session/dbsc/refresh";

function boundShop() {
  const clock = clockAt();
  const store = createMemoryStore({ clock });
  const sessions = createSessions<Data>({ store, keys: KEYS, clock, initial: { cart: [] } });
  const binding = createDeviceBinding(sessions, { store, keys: KEYS, clock, algorithms: ["ES256", "RS256"], exclude: ["/sign-in"] });
  const app = new Hono<SessionEnv<Data>>();
  app.route("/", bindingRoutes(sessions, binding));
  app.use(csrf());
  app.use(boundSession(sessions, binding));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada");
    return c.body(null, 204);
  });
  app.get("/account", requireSession<Data>(), (c) => c.text(c.var.active.subject));
  return { app, clock };
}

/** What a browser that binds has beside its cookies, signed by jose. */
async function device(alg: BoundAlgorithm) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const proof = (payload: object, header: object = {}): Promise<string> => new CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader({ alg, typ: "dbsc+jwt", ...header }).sign(privateKey);
  return { jwk, proof };
}

const challengeOf = (response: Response): string => /^"([^"]+)"/.exec(response.headers.get("secure-session-challenge") ?? "")?.[1] ?? "";

/** Signs in and binds. */
async function bind(alg: BoundAlgorithm) {
  const { app, clock } = boundShop();
  const browser = new Browser(app);
  const invited = (await browser.post("/sign-in")).headers.get("secure-session-registration") ?? "";
  const [, challenge = "", authorization] = /challenge="([^"]+)"(?:;authorization="([^"]+)")?/.exec(invited) ?? [];
  yes(invited.includes(alg) && invited.includes(`path="${REGISTER}"`), `invited: ${invited}`);
  const { jwk, proof } = await device(alg);
  const headers = { origin: ORIGIN, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty" };
  const answer = await browser.post(REGISTER, undefined, { ...headers, "secure-session-response": await proof({ jti: challenge, ...(authorization === undefined ? {} : { authorization }) }, { jwk }) });
  const { session_identifier: id } = (await answer.json()) as { session_identifier: string };
  same([answer.status, setCookies(answer).length], [200, 1]);
  const refresh = async (given?: string): Promise<Response> => browser.post(REFRESH, undefined, { ...headers, "sec-secure-session-id": id, ...(given === undefined ? {} : { "secure-session-response": given }) });
  return { browser, clock, proof, refresh };
}

const cases: readonly Case[] = (["ES256", "RS256"] as const).map((alg) => ({
  name: `${alg}: a browser binds and refreshes; a copied jar stops with its ticket, and a proof by another key ends nothing`,
  async run() {
    const { browser, clock, proof, refresh } = await bind(alg);
    const thief = browser.copy();
    same([(await browser.get("/account")).status, (await thief.get("/account")).status], [200, 200]);
    clock.advance(6 * MINUTE);
    has(await (await thief.get("/account")).json(), { status: 401, code: "proof_required" });

    const asked = await refresh();
    same(asked.status, 403);
    const other = await device(alg);
    yes((await refresh(await other.proof({ jti: challengeOf(asked) }))).status !== 200, "another key refreshed it");
    const again = await refresh();
    same((await refresh(await proof({ jti: challengeOf(again) }))).status, 200);
    same([(await browser.get("/account")).status, (await thief.get("/account")).status], [200, 401]);
  },
}));

export const bound: Suite = { name: "bound to a device", cases };
