import { createPrivateKey, randomUUID, sign as nodeSign } from "node:crypto";
import type { ActiveState, SessionState } from "../../src/index.ts";
import { type AccessTokensOptions, createAccessTokens, generateSigningKeys, type SigningKey, type SigningKeyFile } from "../../src/tokens.ts";
import { type Data, HOUR, INITIAL, MINUTE } from "../support.ts";

export const ISSUER = "https://app.test";
export const API = "https://api.test";
export const START = Date.UTC(2026, 0, 1);

export const KEYS_ES256 = await generateSigningKeys({ now: START });
export const KEYS_ED25519 = await generateSigningKeys({ alg: "Ed25519", now: START });

export const activeKey = (file: SigningKeyFile): SigningKey => {
  const key = file.keys.find(({ state }) => state === "active");
  if (!key) throw new Error("no active key");
  return key;
};

export const activeState = (now: number, more: Partial<ActiveState<Data>> = {}): ActiveState<Data> =>
  ({
    kind: "active", id: "AAAAAAAAAAAAAAAAAAAAAAAA", handle: "handle-of-ada", subject: "ada", data: INITIAL, createdAt: now, seenAt: now, idleAt: now + 30 * MINUTE, absoluteAt: now + 8 * HOUR,
    authenticatedAt: now - 90_500, acr: "aal2", amr: ["pwd", "otp"], device: undefined, signals: [], suspect: false, ...more,
  }) as ActiveState<Data>;

export const issuing = (options: Partial<AccessTokensOptions<Data>> = {}) => createAccessTokens<Data>({ issuer: ISSUER, audience: API, clientId: "web", keys: KEYS_ES256, clock: { now: () => START, wait: async () => undefined }, ...options });

export async function issued(tokens: Pick<ReturnType<typeof issuing>, "issue">, state: SessionState<Data> = activeState(START)): Promise<string> {
  const result = await tokens.issue(state);
  if (result.outcome !== "issued") throw new Error(result.why);
  return result.accessToken.reveal();
}

const part = (value: unknown): string => (typeof value === "string" ? Buffer.from(value) : Buffer.from(JSON.stringify(value))).toString("base64url");

/** A JOSE implementation of twenty lines on node:crypto, which knows nothing of ours: signs any header and payload with a key of the file. */
export function craft(header: unknown, payload: unknown, key: SigningKey = activeKey(KEYS_ES256)): string {
  const input = `${part(header)}.${part(payload)}`;
  const privateKey = createPrivateKey({ key: { ...key.jwk }, format: "jwk" });
  const signature = key.alg === "ES256" ? nodeSign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }) : nodeSign(null, Buffer.from(input), privateKey);
  return `${input}.${signature.toString("base64url")}`;
}

export const headerOf = (key: SigningKey = activeKey(KEYS_ES256)) => ({ alg: key.alg as string, kid: key.kid, typ: "at+jwt" });

export const claimsAt = (now = START, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: ISSUER, aud: API, sub: "ada", client_id: "web", iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 300, jti: randomUUID(), sid: "handle-of-ada", ...more,
});

export const decoded = (token: string, index: 0 | 1): Record<string, unknown> => JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()) as Record<string, unknown>;
