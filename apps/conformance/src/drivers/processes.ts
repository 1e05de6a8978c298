import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { OUTCOME } from "../entries/marks.ts";
import type { Outcome } from "../suite/case.ts";

/** What came of one run, and the version that the runtime says it is. */
export interface Ran extends Outcome {
  readonly version: string;
}

/** Before the file. Deno gets no permission: the suite needs none. */
const ARGS: Readonly<Record<string, readonly string[]>> = { Deno: ["run", "--no-prompt", "--node-modules-dir=manual"], Bun: ["run"] };

/** Runs the file in a process. Rejects with what it printed when there is no outcome among it. */
export function runProcess(name: string, program: string, file: string, taken: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const args = [...(ARGS[name] ?? []), file, JSON.stringify(taken)];
    execFile(program, args, { cwd: dirname(file), maxBuffer: 64 * 1024 * 1024, timeout: 120_000 }, (error, stdout, stderr) => {
      const line = stdout.split("\n").find((text) => text.startsWith(OUTCOME));
      if (line === undefined) reject(new Error(`${name}: no outcome. ${error?.message ?? ""}\n${stdout}${stderr}`));
      else resolve(JSON.parse(line.slice(OUTCOME.length)) as Ran);
    });
  });
}
