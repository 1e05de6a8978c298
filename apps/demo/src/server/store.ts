import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { sealedSessions } from "@holdfast/session-core/sealed";
import type { NearCache } from "@holdfast/session-core/near-cache";
import type { SessionStore, Sweeper } from "@holdfast/session-core/store";
import { createSqliteStore } from "@holdfast/store-sqlite";
import type { Board } from "./cluster/board.ts";
import { loadKeys } from "./keys.ts";
import type { PortalOptions } from "./options.ts";
import { openServer } from "./store-server.ts";

export interface OpenStore {
  readonly store: SessionStore & Partial<Sweeper>;
  /** Removes what expired, where the store does not do it by itself. */
  readonly sweep?: (now: number) => Promise<number>;
  /** For people. */
  readonly name: string;
  /** Memory gets new ones each time: keys that outlive their sessions are of no use. */
  readonly keys: KeyRingFile;
  /** What the person who started the portal should know. */
  readonly notice?: string;
  /** Of a node among several, where the store tells of changes: copies of sessions in this process. */
  readonly near?: NearCache;
  /** Where such nodes tell one another how they are. */
  readonly board?: Board;
  close(): Promise<void>;
}

/** Where sessions live, as the options say: in a store, or in their cookies. */
export async function openStore(options: PortalOptions): Promise<OpenStore> {
  if (options.sealed === "alone") {
    const notice = "Nobody keeps what was revoked: a sign-out deletes the cookie, and a copy of it lives until its deadline. With --store it would end, too.";
    return { store: sealedSessions(), name: "sealed cookies", keys: loadKeys(keyFile(options)), notice, close: async () => undefined };
  }
  const opened = await openRows(options);
  const { store, name } = opened;
  const sweep = store.sweep && { sweep: (now: number) => store.sweep?.(now) ?? Promise.resolve(0) };
  if (options.sealed === "no") return { ...opened, ...sweep };
  return { ...opened, ...sweep, store: sealedSessions({ revocations: { store } }), name: `sealed cookies; revocations in ${name}` };
}

const keyFile = ({ file }: PortalOptions): string => `${file}.keys.json`;

/** SQLite where this runtime has it, else memory with a word about it. */
async function openRows(options: PortalOptions): Promise<OpenStore> {
  if (options.store === "memory") return memory();
  if (options.store !== "sqlite") return { ...(await openServer(options.store, options.cluster !== undefined)), keys: loadKeys(keyFile(options)) };
  const sqlite = await loadSqlite();
  if (!sqlite) return { ...memory(), notice: `Node ${process.versions.node} has no node:sqlite, so sessions live in memory and end with this process.` };
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const db = new sqlite.DatabaseSync(options.file);
  return { store: createSqliteStore(db), name: "SQLite", keys: loadKeys(keyFile(options)), close: async () => db.close() };
}

const memory = (): OpenStore => ({ store: createMemoryStore(), name: "memory", keys: generateKeys(), close: async () => undefined });

async function loadSqlite(): Promise<typeof import("node:sqlite") | undefined> {
  try {
    return await import("node:sqlite");
  } catch {
    return undefined;
  }
}
