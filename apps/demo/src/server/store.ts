import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { SessionStore, Sweeper } from "@holdfast/session-core/store";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { loadKeys } from "./keys.ts";
import type { PortalOptions } from "./options.ts";
import { openServer } from "./store-server.ts";

export interface OpenStore {
  readonly store: SessionStore & Partial<Sweeper>;
  /** For people. */
  readonly name: "SQLite" | "memory" | "Redis" | "PostgreSQL" | "MySQL" | "memcached";
  /** Memory gets new ones each time: keys that outlive their sessions are of no use. */
  readonly keys: KeyRingFile;
  /** What the person who started the portal should know. */
  readonly notice?: string;
  close(): Promise<void>;
}

/** Where sessions live, as the options say: SQLite where this Node has it, else memory with a word about it. */
export async function openStore(options: PortalOptions): Promise<OpenStore> {
  if (options.store === "memory") return memory();
  if (options.store !== "sqlite") return { ...(await openServer(options.store)), keys: loadKeys(`${options.file}.keys.json`) };
  const sqlite = await loadSqlite();
  if (!sqlite) return { ...memory(), notice: `Node ${process.versions.node} has no node:sqlite, so sessions live in memory and end with this process.` };
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const db = new sqlite.DatabaseSync(options.file);
  return { store: createSqliteStore(db), name: "SQLite", keys: loadKeys(`${options.file}.keys.json`), close: async () => db.close() };
}

const memory = (): OpenStore => ({ store: createMemoryStore(), name: "memory", keys: generateKeys(), close: async () => undefined });

async function loadSqlite(): Promise<typeof import("node:sqlite") | undefined> {
  try {
    return await import("node:sqlite");
  } catch {
    return undefined;
  }
}
