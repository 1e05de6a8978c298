import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createSessions, generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createAccessTokens, type SigningKeyFile } from "@holdfast/session-core/tokens";
import { describe, expect, it } from "vitest";
import { run } from "../src/index.ts";
import { DAY, HOUR, MINUTE, shell, START } from "./support.ts";

const sessionsFile = (path: string): KeyRingFile => JSON.parse(readFileSync(path, "utf8")) as KeyRingFile;
const tokensFile = (path: string): SigningKeyFile => JSON.parse(readFileSync(path, "utf8")) as SigningKeyFile;
const secretsOf = (text: string): string[] => [...text.matchAll(/"(?:secret|subjectKey|d)": "([^"]+)"/g)].map(([, secret = ""]) => secret);
const next = (out: string): unknown => (JSON.parse(out) as { next: unknown }).next;
const states = (file: KeyRingFile): string => file.keys.map(({ id, state }) => `${id} ${state}`).join(", ");

describe("holdfast keys new", () => {
  it("makes a file for its owner alone that the sessions take, and says nothing of its secrets", async () => {
    const { holdfast, at } = shell();
    const { code, out, err } = await holdfast("keys new keys.json");
    expect([code, out]).toEqual([0, ""]);
    expect(err).toContain("Give the file to all servers");
    expect(statSync(at("keys.json")).mode & 0o777).toBe(0o600);
    const text = readFileSync(at("keys.json"), "utf8");
    expect(secretsOf(text)).toHaveLength(2);
    for (const secret of secretsOf(text)) expect(err).not.toContain(secret);
    expect(sessionsFile(at("keys.json")).keys).toMatchObject([{ id: 1, state: "active", since: START }]);
    createSessions({ store: createMemoryStore(), keys: sessionsFile(at("keys.json")) });
  });

  it("makes signing keys of either algorithm, which the tokens take", async () => {
    const { holdfast, at } = shell();
    expect((await holdfast("keys new a.json --kind tokens")).code).toBe(0);
    expect((await holdfast("keys new b.json --kind tokens --alg Ed25519")).code).toBe(0);
    expect(["a.json", "b.json"].map((name) => tokensFile(at(name)).keys.map(({ alg }) => alg))).toEqual([["ES256"], ["Ed25519"]]);
    createAccessTokens({ issuer: "https://app.test", audience: "api", clientId: "web", keys: tokensFile(at("a.json")) });
    expect((await holdfast("keys new c.json --alg Ed25519")).code).toBe(2);
  });

  it("never writes over a file unasked", async () => {
    const { holdfast, at, folder } = shell();
    await holdfast("keys new keys.json");
    const before = readFileSync(at("keys.json"), "utf8");
    expect(await holdfast("keys new keys.json --json")).toMatchObject({ code: 5, out: "", err: expect.stringContaining('"code":"exists"') as string });
    expect(readFileSync(at("keys.json"), "utf8")).toBe(before);
    expect((await holdfast("keys new keys.json --overwrite")).code).toBe(0);
    expect(readFileSync(at("keys.json"), "utf8")).not.toBe(before);
    expect(readdirSync(folder)).toEqual(["keys.json"]);
  });

  it("over a file of sessions, makes all secrets new and keeps the ids, so that what the old keys signed is refused and not waited for", async () => {
    const shelled = shell();
    const { holdfast, at } = shelled;
    await holdfast("keys new keys.json");
    await holdfast("keys rotate keys.json");
    await holdfast("keys rotate keys.json --force");
    const before = sessionsFile(at("keys.json"));
    const old = await createSessions({ store: createMemoryStore(), keys: before }).issue("ada");
    shelled.now += HOUR;
    expect((await holdfast("keys new keys.json --overwrite")).code).toBe(0);
    const after = sessionsFile(at("keys.json"));
    expect(states(after)).toBe("1 retired, 2 retired, 3 active");
    const secrets = [before, after].flatMap((file) => secretsOf(JSON.stringify(file, null, 2)));
    expect(new Set(secrets).size).toBe(7);
    expect((await createSessions({ store: createMemoryStore(), keys: after }).open(old.credential.reveal())).state).toEqual({ kind: "none" });
    // What is no such file, or is not to be written over, gives nothing on.
    for (const text of ["{}", "no JSON", JSON.stringify({ ...before, keys: [] })]) {
      writeFileSync(at("keys.json"), text);
      expect((await holdfast("keys new keys.json --overwrite")).code).toBe(0);
      expect(states(sessionsFile(at("keys.json")))).toBe("1 active");
    }
    await holdfast("keys new keys.json --overwrite --kind tokens");
    expect(tokensFile(at("keys.json")).keys).toHaveLength(1);
  });

  it("writes to standard output for a secret manager, and nothing else there", async () => {
    const { holdfast } = shell();
    const { code, out, err } = await holdfast("keys new - --json");
    expect([code, states(JSON.parse(out) as KeyRingFile)]).toEqual([0, "1 active"]);
    expect(JSON.parse(err)).toMatchObject({ done: { step: "new" }, kind: "sessions" });
    for (const secret of secretsOf(out)) expect(err).not.toContain(secret);
  });

  it("says which file could not be written, and leaves nothing behind", async () => {
    const { holdfast, at } = shell();
    expect(await holdfast(`keys new ${at("none/keys.json")}`)).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") as string });
    mkdirSync(at("folder"));
    expect((await holdfast(`keys new ${at("folder")} --overwrite`)).code).toBe(1);
    expect(readdirSync(at("."))).toEqual(["folder"]);
  });
});

describe("holdfast keys list", () => {
  it("[G11] shows ids, states, ages and what is due, of both kinds, as text and as JSON, and never a secret", async () => {
    const world = shell();
    const { holdfast, at } = world;
    await holdfast("keys new keys.json");
    await holdfast("keys new tokens.json --kind tokens");
    world.now += 2 * DAY;
    for (const name of ["keys.json", "tokens.json"]) await holdfast(`keys rotate ${name}`);
    world.now += 3 * HOUR + 4 * MINUTE;
    expect((await holdfast("keys list keys.json")).out.replace(at("keys.json"), "keys.json")).toBe(
      ["keys.json: keys of sessions", "  id 1  active  since 2026-01-01T00:00:00.000Z (2d 3h)", "  id 2  next    since 2026-01-03T00:00:00.000Z (3h 4m)", "next: make key id 2 sign, once all servers have it: now", ""].join("\n"),
    );
    const json = JSON.parse((await holdfast("keys list tokens.json --json")).out) as object;
    const [one, two] = tokensFile(at("tokens.json")).keys.map(({ kid }) => kid);
    expect(json).toEqual({
      file: at("tokens.json"),
      kind: "tokens",
      keys: [
        { key: one, alg: "ES256", state: "active", since: "2026-01-01T00:00:00.000Z", ageSeconds: (2 * DAY + 3 * HOUR + 4 * MINUTE) / 1000 },
        { key: two, alg: "ES256", state: "next", since: "2026-01-03T00:00:00.000Z", ageSeconds: (3 * HOUR + 4 * MINUTE) / 1000 },
      ],
      next: { step: "promote", key: two, from: "2026-01-03T00:15:00.000Z", due: true },
    });
    for (const name of ["keys.json", "tokens.json"]) {
      const secrets = secretsOf(readFileSync(at(name), "utf8"));
      expect(secrets.length).toBeGreaterThan(1);
      const shown = [await holdfast(`keys list ${name}`), await holdfast(`keys list ${name} --json`), await holdfast("keys list -", readFileSync(at(name), "utf8"))].map(({ code, out, err }) => [code, out, err]);
      expect(shown.map(([code]) => code)).toEqual([0, 0, 0]);
      for (const secret of secrets) expect(JSON.stringify(shown)).not.toContain(secret);
    }
  });

  it("[G11] what is no key file is refused without a word of what it says", async () => {
    const { holdfast } = shell();
    const wrong = ["canary-secret", '{"keys":"canary-secret"}', "null", "[]", '{"subjectKey":"canary-secret","keys":[]}', '{"keys":[]}', '{"keys":[{"kid":"canary-secret!"}]}', '{"subjectKey":"canary-secret","keys":[{"id":1,"secret":"canary-secret"}]}'];
    for (const text of wrong) {
      for (const flag of ["", " --json"]) {
        const { code, out, err } = await holdfast(`keys list -${flag}`, text);
        expect([code, out], text).toEqual([3, ""]);
        expect(err).not.toContain("canary");
      }
    }
  });

  it("warns of a file that everybody can read, and says when there is none", async () => {
    const { holdfast, at } = shell();
    await holdfast("keys new keys.json");
    expect((await holdfast("keys list keys.json")).err).toBe("");
    chmodSync(at("keys.json"), 0o644);
    expect((await holdfast("keys list keys.json")).err).toContain("chmod 600");
    expect(await holdfast("keys list none.json")).toMatchObject({ code: 1, out: "" });
  });
});

describe("holdfast keys rotate", () => {
  it("[G01] takes a file of sessions through a whole rotation, each step not before it is due, and says when that is", async () => {
    const world = shell();
    const { holdfast, at } = world;
    await holdfast("keys new keys.json");
    const rotate = (more = ""): ReturnType<typeof holdfast> => holdfast(`keys rotate keys.json --policy banking --longest 8h --json${more}`);
    const added = await rotate();
    expect([added.code, states(sessionsFile(at("keys.json"))), next(added.out)]).toEqual([0, "1 active, 2 next", { step: "promote", key: "id 2", from: "2026-01-01T00:05:00.000Z", due: false }]);
    world.now += 5 * MINUTE - 1;
    const file = readFileSync(at("keys.json"), "utf8");
    const early = await rotate();
    expect([early.code, early.out, JSON.parse(early.err)]).toEqual([4, "", { error: { code: "too_early", message: expect.stringContaining("Too early to make key id 2 sign") as string, after: "2026-01-01T00:05:00.000Z" } }]);
    expect(readFileSync(at("keys.json"), "utf8")).toBe(file);
    world.now += 1;
    const promoted = await rotate();
    expect([states(sessionsFile(at("keys.json"))), next(promoted.out)]).toEqual(["1 retired, 2 active", { step: "remove", key: "id 1", from: "2026-01-01T08:10:05.000Z", due: false }]);
    world.now += 8 * HOUR + 5 * MINUTE + 4999;
    expect((await rotate()).code).toBe(4);
    world.now += 1;
    const removed = await rotate();
    expect([states(sessionsFile(at("keys.json"))), next(removed.out)]).toEqual(["2 active", { step: "add", from: "2026-01-01T00:05:00.000Z", due: true }]);
    expect(statSync(at("keys.json")).mode & 0o777).toBe(0o600);
  });

  it("says that a file is wrong, whatever is in its entries, and quotes none of it", async () => {
    const { holdfast } = shell();
    for (const text of ['{"keys":[null]}', '{"keys":[1]}', '{"subjectKey":"x","keys":[{"id":1,"secret":"s","state":"active","since":1e20}]}', '{"keys":[{"kid":"k","since":1e20}]}']) {
      const { code, err } = await holdfast("keys list -", text);
      expect([text, code]).toEqual([text, 3]);
      expect(err).toMatch(/^holdfast: /);
    }
  });

  it("goes through a pipe whose other end makes the file while this waits for it", async () => {
    let now = START;
    const file = JSON.stringify(generateKeys(START + 5));
    const io = { stdin: async () => ((now += 10), file), out: () => undefined, err: () => undefined, now: () => now };
    expect(await run(["keys", "rotate", "-"], io)).toBe(0);
  });

  it("[G01] [G02] does the same for signing keys, by the life of tokens and of published keys", async () => {
    const world = shell();
    const { holdfast, at } = world;
    await holdfast("keys new tokens.json --kind tokens");
    const rotate = (more = ""): ReturnType<typeof holdfast> => holdfast(`keys rotate tokens.json --lifetime 10m --jwks-max-age 1h --json${more}`);
    expect(next((await rotate()).out)).toMatchObject({ step: "promote", from: "2026-01-01T01:05:00.000Z" });
    world.now += HOUR - 1;
    expect((await rotate(" --force")).code).toBe(4);
    world.now += 1;
    expect((await rotate()).code).toBe(4);
    expect((await rotate(" --force")).code).toBe(0);
    createAccessTokens({ issuer: "https://app.test", audience: "api", clientId: "web", keys: tokensFile(at("tokens.json")), jwksMaxAge: HOUR });
    world.now += 16 * MINUTE + 4999;
    expect((await rotate()).code).toBe(4);
    world.now += 1;
    expect((await rotate()).code).toBe(0);
    expect(tokensFile(at("tokens.json")).keys.map(({ state }) => state)).toEqual(["active"]);
  });

  it("by default counts with the longest session of the default policy, 30 days for guests", async () => {
    const world = shell();
    await world.holdfast("keys new keys.json");
    await world.holdfast("keys rotate keys.json");
    world.now += 5 * MINUTE;
    expect(next((await world.holdfast("keys rotate keys.json --json")).out)).toMatchObject({ from: new Date(world.now + 30 * DAY + 5 * MINUTE + 5000).toISOString() });
  });

  it("forced, takes a step early; a step by name, and none that the file has no key for", async () => {
    const { holdfast, at } = shell();
    await holdfast("keys new keys.json");
    const rotate = async (more: string): Promise<number> => (await holdfast(`keys rotate keys.json ${more}`)).code;
    expect(await rotate("--step promote")).toBe(2);
    expect(await rotate("--step remove --force")).toBe(2);
    expect(await rotate("--step add")).toBe(0);
    expect(await rotate("--step add")).toBe(2);
    expect(await rotate("--step promote")).toBe(4);
    expect(await rotate("--step promote --force")).toBe(0);
    // A key that waits for its sessions keeps nobody from the next rotation.
    expect(await rotate("")).toBe(4);
    expect((await holdfast("keys rotate keys.json")).err).toContain("--step add");
    expect(await rotate("--step add")).toBe(0);
    expect(states(sessionsFile(at("keys.json")))).toBe("1 retired, 2 active, 3 next");
    expect(await rotate("--step remove --force")).toBe(0);
    expect(states(sessionsFile(at("keys.json")))).toBe("2 active, 3 next");
  });

  it("reads standard input and writes standard output or another file, and the one it read stays", async () => {
    const { holdfast, at } = shell();
    await holdfast("keys new keys.json");
    const text = readFileSync(at("keys.json"), "utf8");
    const piped = await holdfast("keys rotate - --json", text);
    expect([states(JSON.parse(piped.out) as KeyRingFile), next(piped.err)]).toEqual(["1 active, 2 next", expect.objectContaining({ step: "promote" })]);
    expect(states(JSON.parse((await holdfast("keys rotate keys.json --out -")).out) as KeyRingFile)).toBe("1 active, 2 next");
    expect((await holdfast("keys rotate keys.json --out other.json")).code).toBe(0);
    expect((await holdfast("keys rotate keys.json --out other.json")).code).toBe(5);
    expect((await holdfast("keys rotate keys.json --out other.json --overwrite")).code).toBe(0);
    expect([states(sessionsFile(at("other.json"))), readFileSync(at("keys.json"), "utf8")]).toEqual(["1 active, 2 next", text]);
  });

  it("of two at once, one is refused and nothing is lost; a link stays one; a group that reads the file still can", async () => {
    const { holdfast, at } = shell();
    await holdfast("keys new keys.json");
    const codes = (await Promise.all([1, 2, 3].map(() => holdfast("keys rotate keys.json")))).map(({ code }) => code).sort();
    expect([codes, states(sessionsFile(at("keys.json")))]).toEqual([[0, 5, 5], "1 active, 2 next"]);
    symlinkSync(at("keys.json"), at("link.json"));
    chmodSync(at("keys.json"), 0o644);
    expect((await holdfast("keys rotate link.json --force")).code).toBe(0);
    expect([lstatSync(at("link.json")).isSymbolicLink(), states(sessionsFile(at("keys.json"))), statSync(at("keys.json")).mode & 0o777]).toEqual([true, "1 retired, 2 active", 0o640]);
    writeFileSync(at("keys.json.new"), "");
    expect(await holdfast("keys rotate keys.json --step add")).toMatchObject({ code: 5, err: expect.stringContaining("keys.json.new") as string });
    expect(existsSync(at("keys.json.new"))).toBe(true);
  });

  it("the same file by another path is the file itself: it is read and written under one lock", async () => {
    const { holdfast, at, folder } = shell();
    await holdfast("keys new keys.json");
    symlinkSync(at("keys.json"), at("link.json"));
    for (const out of [`${folder}/../${folder.split("/").at(-1)}/keys.json`, at("link.json"), at("keys.json")]) {
      let locked: boolean | undefined;
      const io = { stdin: async () => "", out: () => undefined, err: () => undefined, now: () => ((locked ??= existsSync(at("keys.json.new"))), START) };
      expect(await run(["keys", "rotate", at("keys.json"), "--step", "add", "--out", out, "--overwrite"], io)).toBe(0);
      expect([out, locked]).toEqual([out, true]);
      await holdfast("keys rotate keys.json --step promote --force");
    }
    expect(sessionsFile(at("keys.json")).keys).toHaveLength(4);
    expect(readdirSync(folder).toSorted()).toEqual(["keys.json", "link.json"]);
  });

  it("a file that is wrong stays as it is", async () => {
    const { holdfast, at, folder } = shell();
    writeFileSync(at("keys.json"), "{}");
    expect((await holdfast("keys rotate keys.json")).code).toBe(3);
    expect([readFileSync(at("keys.json"), "utf8"), readdirSync(folder)]).toEqual(["{}", ["keys.json"]]);
  });
});
