import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

export interface ClientFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** The built pages: few and small, so they are read once and no path from a request ever reaches the disk. */
export interface ClientFiles {
  readonly page: string;
  /** A document of its own, which the shop shows in a frame. */
  readonly chart: string;
  readonly files: ReadonlyMap<string, ClientFile>;
  /** Where scripts and styles are on a platform that keeps files itself, as Workers does. */
  readonly asset?: (request: Request) => Promise<Response>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @returns `undefined` when the client was not built; the JSON API works without it. */
export function loadClient(root: string): ClientFiles | undefined {
  const index = join(root, "index.html");
  if (!existsSync(index)) return undefined;
  const files = new Map<string, ClientFile>();
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(path)];
    if (type) files.set(`/${path.replaceAll("\\", "/")}`, { body: new Uint8Array(readFileSync(join(root, path))), type });
  }
  return { page: readFileSync(index, "utf8"), chart: readFileSync(join(root, "size-chart.html"), "utf8"), files };
}
