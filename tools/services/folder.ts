import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watcherOf } from "./watch.ts";

export interface Folder {
  readonly path: string;
  remove(): void;
}

/** A new folder that does not outlive this process, however that ends. */
export function temporaryFolder(prefix: string): Folder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const watcher = watcherOf(path, "SIGTERM");
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      watcher.close();
    },
  };
}
