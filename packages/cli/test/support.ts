import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "../src/index.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 1);

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own, a clock that stands still, and the command line. */
export function shell(): { readonly folder: string; readonly at: (name: string) => string; readonly holdfast: (line: string, input?: string) => Promise<Ran>; now: number } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const world = {
    folder,
    at: (name: string) => join(folder, name),
    now: START,
    async holdfast(line: string, input = ""): Promise<Ran> {
      let out = "";
      let err = "";
      const words = line.split(" ").filter((word) => word !== "").map((word) => (/^\w+\.json$/.test(word) ? join(folder, word) : word));
      const code = await run(words, { stdin: async () => input, out: (text) => void (out += text), err: (text) => void (err += text), now: () => world.now });
      return { code, out, err };
    },
  };
  return world;
}
