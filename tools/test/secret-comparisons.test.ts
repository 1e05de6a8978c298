import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { earlyComparisons } from "../lib/secret-comparisons.ts";
import { root } from "../lib/workspace.ts";

// Digests of 256-bit secrets. Their comparison may stop early: the time tells how far two SHA-256 values agree, and nobody can choose a secret
// by the digest it will have. The one that is presented has passed its HMAC before (that comparison is constant-time).
const DIGESTS = "digests of secrets, never the secrets";
// Both sides come from the key file, when the process starts.
const AT_START = "no request is there to be timed";
// The browser's own CSRF token, with the one it had before: nobody presents either.
const OWN = "of one and the same page";

// The HMAC of an address under an empty key, which anybody can make: that is what is being shown.
const NO_SECRET = "nothing in it is secret";

const ALLOWED: Readonly<Record<string, string>> = {
  "packages/affinity/src/lib/verify/affinity-cookie.ts: hash === value": NO_SECRET,
  "packages/session-browser/src/lib/link.ts: token === before": OWN,
  "packages/session-browser/src/lib/link.ts: token !== before": OWN,
  "packages/session-core/src/lib/token/elevation.ts: hashSecret(secret) === pending.hash": DIGESTS,
  "packages/session-core/src/lib/token/elevation.ts: hashSecret(presented) === current.hash": DIGESTS,
  "packages/session-core/src/lib/token/ratchet.ts: hash === chain.hash": DIGESTS,
  "packages/session-core/src/lib/token/ratchet.ts: hash === chain.nextHash": DIGESTS,
  "packages/session-core/src/lib/token/ratchet.ts: hashSecret(walked) === chain.hash": DIGESTS,
  "packages/session-core/src/lib/token/key-ring.ts: seen.has(secret)": AT_START,
};

const found = globSync("packages/*/src/**/*.ts", { cwd: root })
  .sort()
  .flatMap((file) => earlyComparisons(file, readFileSync(join(root, file), "utf8")));

describe("comparisons of secrets", () => {
  it("[A12] none stops at the first difference, but those of digests that are listed here with their reason", () => {
    const names = new Set(found.map(({ file, text }) => `${file}: ${text}`));
    expect([...names].sort()).toEqual(Object.keys(ALLOWED).sort());
    expect(new Set(Object.values(ALLOWED))).toEqual(new Set([NO_SECRET, OWN, DIGESTS, AT_START]));
  });

  it("sees them in every form", () => {
    const see = (text: string): number => earlyComparisons("x.ts", text).length;
    for (const text of ["a.token === b", "if (x !== secret) f()", "mac(a) == tag", "tokens.csrf?.includes(x)", "token.startsWith(given)", "used.has(nonce)", "(await digest(a)) === b", "secretOf(a) !== b", "text(tag) !== text(b)", "text(macOf(key)(m)) === given", "tag.toString() === b"]) expect(see(text), text).toBe(1);
    for (const text of ["a === b", "token === undefined", "typeof token === 'string'", "token.length === LENGTH", "equalBytes(tag, secret)", "token === null", "secret.includes('=')", "hash = token"]) expect(see(text), text).toBe(0);
  });
});
