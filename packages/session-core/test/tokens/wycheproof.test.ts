import { describe, expect, it } from "vitest";
import { ALGORITHMS } from "../../src/lib/tokens/algorithms.ts";
import { fixedKeys, readKeySet } from "../../src/lib/tokens/key-set.ts";
import { verifySigned } from "../../src/lib/tokens/signed.ts";
import ecdsa from "../fixtures/wycheproof-ecdsa-p256.json" with { type: "json" };
import jws from "../fixtures/wycheproof-jws.json" with { type: "json" };

type Group = (typeof jws.groups)[number];

const kind = { typ: undefined, algorithms: ALGORITHMS, maxLength: 8192 };
const algOf = (token: unknown): unknown => {
  try {
    if (typeof token !== "string") return undefined;
    return (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { alg?: unknown }).alg;
  } catch {
    return undefined;
  }
};
const accepted: readonly unknown[] = ALGORITHMS;

async function accepts({ key }: Group, token: unknown): Promise<boolean> {
  const keys = readKeySet("keys" in key ? key : { keys: [key] });
  return typeof keys !== "string" && (await verifySigned(token, fixedKeys(keys), kind)).outcome === "signed";
}

describe("Wycheproof", () => {
  it("[F02] [F03] [F05] [F16] [F17] [F20] each JWS of an algorithm that we accept has its stated result, and all others are refused", async () => {
    const count = { valid: 0, refused: 0, ofOthers: 0 };
    for (const group of jws.groups) {
      for (const { tcId, comment, jws: token, result } of group.tests) {
        const ours = accepted.includes(algOf(token));
        expect(await accepts(group, token), `${group.file} ${tcId} ${group.comment} ${comment}`).toBe(ours && result === "valid");
        if (!ours) count.ofOthers++;
        else if (result === "valid") count.valid++;
        else count.refused++;
      }
    }
    expect(count).toEqual({ valid: 19, refused: 325, ofOthers: 166 });
  });

  it("[F20] each ECDSA P-256 signature verifies with a key of a set exactly where it should", async () => {
    const count = { valid: 0, invalid: 0 };
    for (const { key, tests } of ecdsa.groups) {
      const set = readKeySet({ keys: [{ ...key, kid: "vector" }] });
      const loaded = typeof set === "string" ? undefined : await set.get("vector")?.load();
      if (!loaded) return expect.unreachable();
      for (const { tcId, comment, msg, sig, result } of tests) {
        const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, loaded, Buffer.from(sig, "hex"), Buffer.from(msg, "hex"));
        expect(good, `${tcId} ${comment}`).toBe(result === "valid");
        count[result as "valid" | "invalid"]++;
      }
    }
    expect(count).toEqual({ valid: 173, invalid: 89 });
  });
});
