import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteDatabase } from "@holdfast/store-sqlite";

export type Open = (path: string) => SqliteDatabase & { close(): unknown };

export interface Driver {
  readonly name: string;
  readonly open?: Open;
  /** Why it cannot run here. */
  readonly missing?: string;
}

async function load(name: string, find: () => Promise<Open>): Promise<Driver> {
  try {
    const open = await find();
    open(":memory:").close();
    return { name, open };
  } catch (error) {
    return { name, missing: String(error) };
  }
}

export const drivers: readonly Driver[] = await Promise.all([
  load("node:sqlite", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    return (path) => new DatabaseSync(path);
  }),
  load("better-sqlite3", async () => {
    // It is known to crash the process on older versions, which no `catch` would see.
    if (Number(process.versions.node.split(".")[0]) < 22) throw new Error("better-sqlite3 13 needs Node 22 or later");
    const { default: Database } = await import("better-sqlite3");
    return (path) => new Database(path);
  }),
  load("libsql", async () => {
    const { default: Database } = await import("libsql");
    return (path) => new Database(path);
  }),
]);

/** A directory for database files, and how to remove it. */
export function scratch(): { readonly path: (name: string) => string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  return { path: (name) => join(directory, name), remove: () => rmSync(directory, { recursive: true, force: true }) };
}
