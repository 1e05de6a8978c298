import { createSessions, type SessionsOptions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { type SealedOptions, sealedSessions } from "@holdfast/session-core/sealed";
import { compactDecrypt, CompactEncrypt, jwtDecrypt } from "jose";
import type { Case, Suite } from "./case.ts";
import { has, same, yes } from "./expect.ts";
import { SEALED } from "./fixtures.ts";
import { subtleCalls } from "./subtle-calls.ts";
import { Browser, clockAt, createWorld, type Data, KEYS, MINUTE, setCookies, signedIn, START } from "./world.ts";

const world = (sealed: SealedOptions = {}, core: Partial<SessionsOptions<Data>> = {}) => createWorld({ core: { ...core, store: sealedSessions(sealed) } });
const text = new TextEncoder();

/** As session-core's README tells everybody with the key file. */
async function sealKey(name: string, secret = KEYS.keys[0]?.secret ?? ""): Promise<Uint8Array> {
  const [, day = ""] = name.split(".");
  const octets = Uint8Array.from(atob(secret.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const from = await crypto.subtle.importKey("raw", octets, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: text.encode(`holdfast/1/seal/default/${day}`) }, from, 256));
}

/** The session of Ada with something in her cart that a careless encoder would break. */
const CART = ["rope", "wörd 𝄞"];
async function opens(name: string, value: string): Promise<void> {
  const { app } = world();
  same(await (await new Browser(app, [[name, value]]).get("/account")).json(), { subject: "ada", cart: CART });
}

async function sealedCookie(): Promise<readonly [name: string, value: string]> {
  const clock = clockAt();
  const sessions = createSessions<Data>({ store: sealedSessions(), keys: KEYS, clock, initial: { cart: [] } });
  const session = await sessions.open(new Headers());
  session.start("ada", { cart: CART });
  const [cookie] = (await session.commit()).cookies;
  return [cookie?.name ?? "", cookie?.value ?? ""];
}

const cases: readonly Case[] = [
  {
    name: "sign-in, data, elevation and sign-out without a store",
    async run() {
      const { app, calls } = world();
      const browser = new Browser(app);
      await browser.post("/cart/rope");
      await browser.post("/sign-in");
      same(await (await browser.get("/account")).json(), { subject: "ada", cart: ["rope"] });
      await browser.post("/elevate");
      same((await browser.get("/admin")).status, 200);
      await browser.post("/session/logout");
      same([await browser.view(), calls], [{ state: "none" }, []]);
    },
  },
  {
    name: "limits are inside the seal, and it is made anew at half of the idle time",
    async run() {
      const { app, clock } = world();
      const browser = await signedIn(app);
      clock.advance(14 * MINUTE);
      same(setCookies(await browser.get("/account")).length, 0);
      clock.advance(MINUTE);
      const old = browser.copy();
      same(setCookies(await browser.get("/account")).length, 1);
      clock.advance(15 * MINUTE);
      same([await old.view(), (await browser.view())["state"]], [{ state: "none", ended: "idle" }, "active"]);
    },
  },
  {
    name: "a changed character is no session, wherever it is",
    async run() {
      const { app } = world();
      const browser = await signedIn(app);
      const [[name = "", value = ""] = []] = browser.jar;
      for (let at = 0; at < value.length; at += 7) {
        const changed = value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
        const answer = await new Browser(app, [[name, changed]]).get("/account");
        // Another number of the key is one that this server may yet get.
        yes([401, 503].includes(answer.status), `${answer.status} at ${at}`);
      }
    },
  },
  {
    name: "what is too long for one cookie goes into two, and pieces of two sets are no session",
    async run() {
      const { app } = world({}, { maxDataBytes: 8192 });
      const browser = await signedIn(app);
      for (const item of ["a", "b"]) await browser.post(`/cart/${item.repeat(1500)}`);
      const before = browser.copy();
      same(before.jar.size, 2);
      await browser.post("/cart/c");
      same(((await (await browser.get("/account")).json()) as Data).cart.length, 3);
      const [first, second] = [[...before.jar][0], [...browser.jar][1]];
      yes(first && second, "two cookies");
      same((await new Browser(app, [first, second]).get("/account")).status, 401, "mixed");
      same((await new Browser(app, [first]).get("/account")).status, 401, "one alone");
      same((await browser.post(`/cart/${"d".repeat(3900)}`)).status, 413, "more than two");
      same((await browser.get("/account")).status, 200);
    },
  },
  {
    name: "revocations: a sign-out ends copies, and all of a subject can be ended",
    async run() {
      const { app, sessions, clock } = world({ revocations: { store: createMemoryStore({ clock: clockAt() }) } });
      const [one, two] = [await signedIn(app), await signedIn(app)];
      const copy = one.copy();
      await one.post("/session/logout");
      same(await copy.view(), { state: "none", ended: "logout" });
      clock.advance(1);
      await sessions.revokeAll("ada");
      same(await two.view(), { state: "none", ended: "revoked" });
    },
  },
  {
    name: "jose opens our cookies with the derived key, and we open what jose sealed",
    async run() {
      const [name, value] = await sealedCookie();
      const kid = (JSON.parse(atob((value.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as { kid: string }).kid;
      const key = await sealKey(kid);
      const { plaintext, protectedHeader } = await compactDecrypt(value, key);
      same(protectedHeader, { alg: "dir", enc: "A256GCM", typ: "session+jwt", kid, cookie: name });
      has((await jwtDecrypt(value, key, { currentDate: new Date(START) })).payload, { d: { cart: CART } });
      await opens(name, await new CompactEncrypt(plaintext).setProtectedHeader(protectedHeader).encrypt(key));
    },
  },
  {
    name: "a cookie that Node sealed opens",
    run: () => opens(SEALED.name, SEALED.value),
  },
  {
    name: "what other runtimes sealed opens",
    async run({ give, taken }) {
      const [name, value] = await sealedCookie();
      give("sealed", `${name}=${value}`);
      for (const [from, pair] of Object.entries(taken)) if (from.endsWith("/sealed")) await opens(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    },
  },
  {
    name: "one call of WebCrypto per direction on Workers, none where node:crypto is",
    async run({ kind }) {
      const { app, sessions } = world();
      // The day's key is loaded once.
      const first = await subtleCalls(() => signedIn(app));
      const browser = new Browser(app);
      const seal = await subtleCalls(() => browser.post("/sign-in"));
      const cookie = new Headers({ cookie: browser.cookie });
      const open = await subtleCalls(async () => void has((await sessions.open(cookie)).state, { kind: "active" }));
      const again = await subtleCalls(async () => void has((await sessions.open(cookie)).state, { kind: "active" }));
      same([first, seal, open, again], kind === "workerd" ? [["importKey", "encrypt"], ["encrypt"], ["decrypt"], []] : [[], [], [], []]);
    },
  },
];

export const sealed: Suite = { name: "sealed sessions", cases };
