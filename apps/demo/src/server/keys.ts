import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { generateKeys, type KeyRingFile } from "@holdfast/session-core";

/** The key file beside the database, made at the first start: with it, sessions outlive a restart. */
export function loadKeys(path: string): KeyRingFile {
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as KeyRingFile;
  mkdirSync(dirname(path), { recursive: true });
  const keys = generateKeys();
  try {
    // `wx`: of two portals that start at once, one writes and the other reads what it wrote.
    writeFileSync(path, `${JSON.stringify(keys, null, 2)}\n`, { flag: "wx", mode: 0o600 });
    chmodSync(path, 0o600);
    return keys;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return JSON.parse(readFileSync(path, "utf8")) as KeyRingFile;
  }
}
