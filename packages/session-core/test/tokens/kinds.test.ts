import { describe, expect, it } from "vitest";
import { createCsrfTokens } from "../../src/csrf.ts";
import { keyFromJwk } from "../../src/lib/bound/bound-key.ts";
import { verifyProof } from "../../src/lib/bound/proof.ts";
import { createSessions } from "../../src/index.ts";
import { createMemoryStore } from "../../src/memory.ts";
import { sealedSessions } from "../../src/sealed.ts";
import { createLogoutReceiver, createProviderLinks, createTokenVerifier } from "../../src/tokens.ts";
import { type Data, INITIAL, KEYS, request, signedIn, testClock } from "../support.ts";
import { API, craft, headerOf, issued, ISSUER, issuing, START } from "./support.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** One of each kind, under the same keys, issuer, audience and session, and who takes it: nothing but the kind keeps them apart. */
async function everyKind() {
  const clock = testClock(START);
  const store = createMemoryStore({ clock });
  const tokens = issuing({ clock, audience: [API, "web"] });
  const opaque = createSessions<Data>({ store, keys: KEYS, initial: INITIAL, clock });
  const sealed = createSessions<Data>({ store: sealedSessions(), keys: KEYS, initial: INITIAL, clock });
  const csrf = createCsrfTokens({ keys: KEYS });
  const jar = await signedIn(opaque);
  const sealedJar = await signedIn(sealed);
  const { state } = await request(opaque, jar);
  if (state.kind !== "active") throw new Error("not signed in");
  const { credential } = await opaque.issue("ada");
  const verifier = createTokenVerifier({ issuer: ISSUER, audience: API, keys: tokens, clock });
  const links = createProviderLinks({ store, keys: KEYS, clock });
  const receiver = createLogoutReceiver({ issuer: ISSUER, clientId: "web", keys: tokens, sessions: opaque, links, subjectOf: () => undefined, clock });
  const opens = async (sessions: typeof opaque, headers: Record<string, string>): Promise<boolean> => (await sessions.open(new Headers(headers))).state.kind === "active";
  const device = keyFromJwk(tokens.jwks().keys[0], "ES256");
  if (!device) throw new Error("no key of a device");
  const [name = ""] = jar.cookies.keys();
  const [sealedName = ""] = sealedJar.cookies.keys();

  const kinds: Readonly<Record<string, string>> = {
    "access token": await issued(tokens, state),
    "logout token": craft({ ...headerOf(), typ: "logout+jwt" }, { iss: ISSUER, aud: "web", iat: START / 1000, exp: START / 1000 + 60, jti: "one", sub: "ada", events: { [EVENT]: {} } }),
    "cookie credential": jar.cookies.get(name) ?? "",
    "bearer credential": credential.reveal(),
    "sealed session": sealedJar.cookies.get(sealedName) ?? "",
    "CSRF token": csrf.issue(state.id),
    "proof of a device": craft({ ...headerOf(), typ: "dbsc+jwt" }, { jti: "challenge", aud: API }),
  };
  const verifiers: Readonly<Record<string, (text: string) => Promise<boolean>>> = {
    "access token": async (text) => (await verifier.verify(text)).outcome === "accepted",
    "logout token": async (text) => (await receiver.receive(text)).outcome === "ended",
    "cookie credential": (text) => opens(opaque, { cookie: `${name}=${text}` }),
    "bearer credential": (text) => opens(opaque, { authorization: `Bearer ${text}` }),
    "sealed session": (text) => opens(sealed, { cookie: `${sealedName}=${text}` }),
    "CSRF token": async (text) => csrf.verify(state.id, text),
    "proof of a device": async (text) => (await verifyProof(text, { stored: device })).outcome === "proven",
  };
  return { kinds, verifiers };
}

describe("each kind of token at each verifier", () => {
  it("[F08] [F17] [G08] passes at its own, and at no other", async () => {
    const { kinds, verifiers } = await everyKind();
    expect(Object.keys(kinds)).toEqual(Object.keys(verifiers));
    for (const [kind, text] of Object.entries(kinds)) {
      expect(text.length, kind).toBeGreaterThan(60);
      for (const [taker, takes] of Object.entries(verifiers)) expect(await takes(text), `${kind} at the verifier of the ${taker}`).toBe(kind === taker);
    }
  });
});
