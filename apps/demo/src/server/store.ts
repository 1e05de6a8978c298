import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { IndexedStore } from "@holdfast/session-core/store";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { loadKeys } from "./keys.ts";
import type { PortalOptions } from "./options.ts";

export interface OpenStore {
  readonly store: IndexedStore;
  readonly name: "sqlite" | "memory";
  /** Memory gets new ones each time: keys that outlive their sessions are of no use. */
  readonly keys: KeyRingFile;
  /** What the person who started the portal should know. */
  readonly notice?: string;
  close(): void;
}

/** SQLite where this Node has it, else memory with a word about it. */
export async function openStore(options: PortalOptions): Promise<OpenStore> {
  if (options.store === "memory") return memory();
  const sqlite = await loadSqlite();
  if (!sqlite) return { ...memory(), notice: `Node ${process.versions.node} has no node:sqlite, so sessions live in memory and end with this process.` };
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const db = new sqlite.DatabaseSync(options.file);
  return { store: createSqliteStore(db), name: "sqlite", keys: loadKeys(`${options.file}.keys.json`), close: () => db.close() };
}

const memory = (): OpenStore => ({ store: createMemoryStore(), name: "memory", keys: generateKeys(), close: () => undefined });

async function loadSqlite(): Promise<typeof import("node:sqlite") | undefined> {
  try {
    return await import("node:sqlite");
  } catch {
    return undefined;
  }
}
