import { createMemoryStore } from "@holdfast/session-core/memory";
import { createSessions } from "@holdfast/session-core";
import { createLogoutReceiver, createProviderLinks } from "@holdfast/session-core/tokens";
import { Hono } from "hono";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { csrf } from "../src/index.ts";
import { backchannelLogout } from "../src/tokens.ts";
import { keys } from "./support.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), kid: "rsa" };
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** By node:crypto alone. */
function logoutToken(more: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "https://id.test", aud: "shop", iat: now, exp: now + 60, jti: String(Math.random()), sid: "s1", events: { "http://schemas.openid.net/event/backchannel-logout": {} }, ...more };
  const input = `${part({ alg: "RS256", kid: "rsa", typ: "logout+jwt" })}.${part(claims)}`;
  return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}

async function provider() {
  let fail = false;
  const memory = createMemoryStore();
  const store = new Proxy(memory, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? async (...args: unknown[]) => (fail ? Promise.reject(new Error("down")) : (Reflect.apply(value, target, args) as unknown)) : value;
    },
  });
  const sessions = createSessions({ store, keys });
  const links = createProviderLinks({ store, keys });
  const { state } = await sessions.issue("ada");
  await links.add({ iss: "https://id.test", sid: "s1" }, state);
  const receiver = createLogoutReceiver({ issuer: "https://id.test", clientId: "shop", keys: { keys: [jwk as never] }, sessions, links });
  const app = new Hono().use(csrf()).post("/backchannel-logout", backchannelLogout(receiver));
  const post = async (body: string, type = "application/x-www-form-urlencoded") => {
    const response = await app.request("https://app.test/backchannel-logout", { method: "POST", body, headers: { "content-type": type } });
    return [response.status, response.headers.get("cache-control"), await response.text()] as const;
  };
  return { app, post, alive: async () => (await sessions.get(state.id)) !== null, down: (is: boolean) => void (fail = is) };
}

const INVALID = [400, "no-store", '{"error":"invalid_request"}'];

describe("backchannelLogout()", () => {
  it("[M04] [M05] a provider's post ends the session of its `sid`: 200, and 200 where it was over already", async () => {
    const { post, alive } = await provider();
    expect(await alive()).toBe(true);
    expect(await post(`logout_token=${logoutToken()}`)).toEqual([200, "no-store", ""]);
    expect(await alive()).toBe(false);
    expect(await post(`logout_token=${logoutToken()}&x=1`)).toEqual([200, "no-store", ""]);
    expect(await post(`logout_token=${logoutToken({ sid: "unknown" })}`)).toEqual([200, "no-store", ""]);
  });

  it("[M04] anything else is 400, kept by nobody, and ends nothing", async () => {
    const { post, app, alive } = await provider();
    const token = logoutToken();
    const bodies: readonly (readonly [string, string?])[] = [
      [""], ["logout_token="], ["logout_token=x"], [`token=${token}`], [`logout_token=${token}&logout_token=${token}`], [`logout_token=${logoutToken({ aud: "other" })}`], [`logout_token=${logoutToken({ nonce: "n" })}`],
      [`logout_token=${token}&pad=${"x".repeat(20_000)}`], [JSON.stringify({ logout_token: token }), "application/json"], [`logout_token=${token}`, "text/plain"],
    ];
    for (const [body, type] of bodies) expect(await post(body, type), `${type} ${body.slice(0, 40)}`).toEqual(INVALID);
    expect((await app.request(`https://app.test/backchannel-logout?logout_token=${token}`, { method: "POST" })).status).toBe(400);
    expect((await app.request(`https://app.test/backchannel-logout?logout_token=${token}`)).status).toBe(404);
    expect(await alive()).toBe(true);
  });

  it("[M04] 400 also while the store is away, and the same token works later", async () => {
    const { post, alive, down } = await provider();
    const body = `logout_token=${logoutToken()}`;
    down(true);
    expect(await post(body)).toEqual([400, "no-store", '{"error":"temporarily_unavailable"}']);
    down(false);
    expect(await alive()).toBe(true);
    expect((await post(body))[0]).toBe(200);
    expect(await alive()).toBe(false);
  });
});
