import { createSessions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createLogoutReceiver, createProviderLinks } from "@holdfast/session-core/tokens";
import { backchannelLogout } from "@holdfast/session-hono/tokens";
import { Hono } from "hono";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Case, Suite } from "./case.ts";
import { same } from "./expect.ts";
import { KEYS } from "./world.ts";

const EVENT = { "http://schemas.openid.net/event/backchannel-logout": {} };

async function provider(alg: "RS256" | "ES256") {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg }] } as Parameters<typeof createLogoutReceiver>[0]["keys"];
  const store = createMemoryStore();
  const sessions = createSessions({ store, keys: KEYS });
  const links = createProviderLinks({ store, keys: KEYS });
  const { state } = await sessions.issue("ada");
  const { state: other } = await sessions.issue("ada");
  await links.add({ iss: "https://id.test", sid: "s1" }, state);
  const receiver = createLogoutReceiver({ issuer: "https://id.test", clientId: "shop", keys, sessions, links });
  const app = new Hono().post("/backchannel-logout", backchannelLogout(receiver));
  let last = 0;
  return {
    token: (more: Record<string, unknown> = {}, typ = "logout+jwt") => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: "https://id.test", aud: "shop", jti: `${++last}`, sid: "s1", events: EVENT, ...more }).setProtectedHeader({ alg, kid: "k", typ }).setIssuedAt(now).setExpirationTime(now + 60).sign(privateKey);
    },
    post: async (token: string) => (await app.request("https://shop.test/backchannel-logout", { method: "POST", body: new URLSearchParams({ logout_token: token }) })).status,
    alive: async () => [(await sessions.get(state.id)) !== null, (await sessions.get(other.id)) !== null],
  };
}

const cases: readonly Case[] = (["RS256", "ES256"] as const).map((alg) => ({
  name: `${alg}: a logout token with a sid ends what began with it and nothing else; anything else is 400 and ends nothing`,
  async run() {
    const { token, post, alive } = await provider(alg);
    for (const [more, typ] of [[{ aud: "other" }], [{ nonce: "n" }], [{ iss: "https://evil.test" }], [{ events: {} }], [{}, "at+jwt"]] as const) same(await post(await token(more, typ)), 400, JSON.stringify(more));
    same([await post(`${await token()}x`), await post("")], [400, 400]);
    same(await alive(), [true, true]);
    const good = await token();
    same([await post(good), await alive()], [200, [false, true]]);
    same(await post(good), 400, "a second time");
  },
}));

export const backChannel: Suite = { name: "back-channel logout", cases };
