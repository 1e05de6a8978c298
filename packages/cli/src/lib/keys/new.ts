import { generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { replaceKeys } from "@holdfast/session-core/keys";
import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";
import { STANDARD, writeKeyFile } from "./key-file.ts";
import { readRing } from "./read-ring.ts";
import { advice, reportJson } from "./report.ts";
import { textOf } from "./ring.ts";

export interface NewOptions {
  readonly kind: "sessions" | "tokens";
  readonly alg?: "ES256" | "Ed25519";
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** What comes next for a file with one key does not depend on these. */
const ANY = { policy: "default", lifetime: 1000, jwksMaxAge: 0 } as const;

export async function makeKeys(file: string, { kind, alg = "ES256", overwrite = false, json = false }: NewOptions, io: Io): Promise<void> {
  const now = io.now();
  if (kind === "sessions" && alg !== "ES256") throw new Fault("usage", "--alg is for --kind tokens: the keys of sessions sign with HMAC-SHA-256.");
  let text = "";
  const make = async (before?: string): Promise<string> =>
    (text = textOf(kind === "sessions" ? sessionKeys(before, now) : await (await import("@holdfast/session-core/tokens")).generateSigningKeys({ alg, now })));
  await writeKeyFile(file, make, overwrite, io);
  const ring = await readRing(text, ANY);
  const done = { step: "new" } as const;
  // Standard output has the file.
  const say = file === STANDARD ? io.err : json ? io.out : io.err;
  say(json ? reportJson(file, ring, now, done) : advice(file, ring, now, done));
}

/** Of a file that is replaced the ids are known, so what its keys signed is refused at once, and not taken for what a key on its way signed. */
function sessionKeys(before: string | undefined, now: number): KeyRingFile {
  try {
    if (before !== undefined) return replaceKeys(JSON.parse(before) as KeyRingFile, { now });
  } catch {
    // What is no key file of sessions has no ids.
  }
  return generateKeys(now);
}
