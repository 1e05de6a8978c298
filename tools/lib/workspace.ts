import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  /** Its programs, by name. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Folder relative to the workspace root, e.g. `packages/session-core`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** The workspace members under a root, in a stable order. */
export const members = (base: string = root, patterns: readonly string[] = ["packages/*", "apps/*"]): Workspace[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: base }))
    .filter((folder) => existsSync(join(base, folder, "package.json")))
    .sort()
    .map((folder) => {
      const path = join(base, folder);
      return { folder, path, manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest };
    });

/** The packages that are published. */
export const published = (base: string = root): Workspace[] =>
  members(base, ["packages/*"]).filter((member) => member.manifest.private !== true);

/** Import specifiers that a package offers: `@holdfast/x` and `@holdfast/x/sub`. */
export const offered = ({ name, exports = {} }: Manifest): string[] =>
  Object.keys(exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => name + entry.slice(1));
