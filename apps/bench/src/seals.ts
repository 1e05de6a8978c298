import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomFillSync } from "node:crypto";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createEncryptionKey, jweDecrypt, jweEncrypt } from "@hono/session/cookies";
import { createSessions, generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { sealedSessions } from "@holdfast/session-core/sealed";
import { symmetricDecodeJWT, symmetricEncodeJWT } from "better-auth/crypto";
import { type HTTPEvent, sealSession, unsealSession } from "h3";
import { sealData, unsealData } from "iron-session";
import { EncryptJWT, jwtDecrypt } from "jose";
import { USER, type User } from "./app.ts";
import { type Case, measure, type Plan, ratioOf, type Row, verify } from "./measure.ts";
import { machine, range, times, versionsOf } from "./report.ts";
import { saveReport } from "./results.ts";
import type { Spread } from "./statistics.ts";

// `pnpm bench seals [--quick | --check] [--json] [--save]`: what it costs to seal a session's data into a text and to open it again. Nothing is judged by the exit code but wrong answers.
const { values } = parseArgs({ options: { quick: { type: "boolean" }, check: { type: "boolean" }, json: { type: "boolean" }, save: { type: "boolean" } } });
const plan: Plan = values.quick ? { rounds: 9, batchMs: 50 } : { rounds: 31, batchMs: 120 };

const FLOOR = "floor: synchronous AES-256-GCM, base64url and JSON";
const OURS = "Holdfast, seal and unseal";
const PASSWORD = randomBytes(32).toString("hex");
const LIFE = 1800;

interface Codec {
  seal(data: User): string | Promise<string>;
  unseal(text: string): User | Promise<User>;
}

function floor(): Codec {
  const key = createSecretKey(randomBytes(32));
  const pool = Buffer.alloc(12 * 256);
  let at = pool.length;
  return {
    seal(data) {
      if (at === pool.length) {
        randomFillSync(pool);
        at = 0;
      }
      const iv = pool.subarray(at, (at += 12));
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const body = cipher.update(JSON.stringify(data), "utf8");
      cipher.final();
      return Buffer.concat([iv, body, cipher.getAuthTag()]).toString("base64url");
    },
    unseal(text) {
      const bytes = Buffer.from(text, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 }).setAuthTag(bytes.subarray(-16));
      const body = decipher.update(bytes.subarray(12, -16));
      decipher.final();
      return JSON.parse(body.toString()) as User;
    },
  };
}

interface Internals {
  readonly createSeal: (ring: unknown, realm: string, aes: unknown, now: () => number, longest: number) => { seal(text: string, cookie: string): string; unseal(text: string, cookie: string): { readonly text: string } };
  readonly createKeyRing: (keys: KeyRingFile, realm: string) => unknown;
  readonly platformAesGcm: () => unknown;
}

/** The codec is no export: its sources are measured as they are. */
async function ours(): Promise<Codec> {
  const at = (file: string): string => pathToFileURL(`${import.meta.dirname}/../../../packages/session-core/src/lib/${file}.ts`).href;
  const modules = await Promise.all(["sealed/seal", "token/key-ring", "encrypted/aes-gcm"].map(async (file) => import(at(file)) as Promise<object>));
  const { createSeal, createKeyRing, platformAesGcm } = Object.assign({}, ...modules) as Internals;
  const seal = createSeal(createKeyRing(generateKeys(), "default"), "default", platformAesGcm(), Date.now, 35_100);
  return { seal: (data) => seal.seal(JSON.stringify(data), "__Host-sid-a"), unseal: (text) => JSON.parse(seal.unseal(text, "__Host-sid-a").text) as User };
}

async function peers(): Promise<readonly (readonly [name: string, codec: Codec, packages: readonly string[]])[]> {
  const honoKey = await createEncryptionKey(PASSWORD);
  const joseKey = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const h3 = { password: PASSWORD, name: "h3", maxAge: LIFE };
  const h3Event = (data: User): HTTPEvent => ({ req: new Request("https://shop.test/"), context: { sessions: { h3: { id: "1", createdAt: Date.now(), data } } } }) as unknown as HTTPEvent;
  const anyEvent = h3Event(USER);
  return [
    ["jose EncryptJWT, a cached CryptoKey", { seal: async (data) => new EncryptJWT({ data }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).setExpirationTime("30m").encrypt(joseKey), unseal: async (text) => (await jwtDecrypt(text, joseKey)).payload["data"] as User }, ["jose"]],
    ["@hono/session, its JWE", { seal: async (data) => (await jweEncrypt({ data }, honoKey, { absolute: LIFE })).jwe, unseal: async (text) => ((await jweDecrypt(text, honoKey)) as { payload?: { data?: unknown } }).payload?.data as User }, ["@hono/session"]],
    ["better-auth, cookie cache as JWE", { seal: (data) => symmetricEncodeJWT({ data }, PASSWORD, "cache", LIFE), unseal: async (text) => ((await symmetricDecodeJWT(text, PASSWORD, "cache")) as { data?: User } | null)?.data as User }, ["better-auth"]],
    ["iron-session, sealData", { seal: (data) => sealData(data, { password: PASSWORD }), unseal: (text) => unsealData<User>(text, { password: PASSWORD }) }, ["iron-session"]],
    ["h3, sealSession", { seal: (data) => sealSession(h3Event(data), h3), unseal: async (text) => (await unsealSession(anyEvent, h3, text)).data as User }, ["h3"]],
  ];
}

/** Through the public API: a request that changes the data, and the next one. */
async function requests(): Promise<Case[]> {
  const sessions = createSessions<Partial<User>>({ store: sealedSessions(), keys: generateKeys() });
  const first = await sessions.open(new Headers());
  first.start(USER.user, USER);
  const cookie = (await first.commit()).cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = new Headers({ cookie });
  const read = async (): Promise<string> => {
    const session = await sessions.open(headers);
    await session.commit();
    return session.state.kind === "active" ? session.state.subject : "";
  };
  const write = async (): Promise<string> => {
    const session = await sessions.open(headers);
    session.update((data) => ({ ...data, roles: [] }));
    return (await session.commit()).cookies.length === 1 ? USER.user : "";
  };
  const one = (name: string, run: () => unknown): Case => ({ name, kind: "micro", run, expected: USER.user, packages: ["@holdfast/session-core"] });
  return [one("Holdfast, open + commit of a sealed session that is remembered", read), one("Holdfast, open + update + commit, sealed anew", write)];
}

const bytes = new Map<string, number>();
const [ourCodec, floorCodec] = [await ours(), floor()];
const codecs = [[FLOOR, floorCodec, []], [OURS, ourCodec, ["@holdfast/session-core"]], ...(await peers())] as const;
const cases: Case[] = [];
for (const [name, codec, packages] of codecs) {
  bytes.set(name, (await codec.seal(USER)).length);
  cases.push({ name, kind: "micro", packages, expected: USER.user, run: async () => (await codec.unseal(await codec.seal(USER))).user });
}
/** The two that the goal is about, in one turn: neither of them answers with a promise here. */
const bare = ({ seal, unseal }: Codec): Case => ({ name: "", kind: "micro", packages: [], expected: USER.user, run: () => (unseal(seal(USER) as string) as User).user });
cases.push(...(await requests()));
await verify(cases);

const table = (rows: readonly Row[], ratio: Spread): string => {
  const least = rows.find(({ name }) => name === FLOOR)?.cpu.median ?? Number.NaN;
  return [
    `| seal + unseal of ${JSON.stringify(USER).length} bytes of JSON | bytes | CPU µs (IQR) | x floor |`,
    "|---|---:|---:|---:|",
    ...rows.map(({ name, cpu }) => `| ${name} | ${bytes.get(name) ?? ""} | ${range(cpu)} | ${(cpu.median / least).toFixed(2)} |`),
    "",
    `- seal and unseal, in pairs with the floor: ${times(ratio)} times its CPU (goal: at most 1.3): ${ratio.median <= 1.3 ? "met" : "missed"}`,
  ].join("\n");
};

if (values.check) {
  console.log(`${cases.length} cases give the right answers`);
} else {
  const versions = versionsOf(cases);
  const rows = await measure(cases, plan, (round) => {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${Math.max(0, round + 1)} of ${plan.rounds} `);
  });
  const ratio = await ratioOf(bare(ourCodec), bare(floorCodec), plan);
  const lines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const text = `${machine()}; ${plan.rounds} rounds of ${cases.length} cases in shuffled order.\n${lines.join(", ")}\n\n${table(rows, ratio)}\n`;
  const report = { machine: machine(), plan, versions, rows, ratio, bytes: Object.fromEntries(bytes) };
  console.log(values.json ? JSON.stringify(report, undefined, 2) : text);
  saveReport("seals", report, values.save ? text : undefined);
}
