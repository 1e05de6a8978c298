import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { root } from "./workspace.ts";

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Show the output while it comes, instead of collecting it. */
  readonly show?: boolean;
  readonly timeout?: number;
}

const MEGABYTE = 1024 * 1024;

/** Runs a program with the workspace's own binaries first on PATH. Never throws: a program that cannot start has code 127. */
export const run = (command: string, args: readonly string[], options: RunOptions = {}): Ran => {
  const { cwd = root, env = {}, show = false, timeout } = options;
  const result = spawnSync(command, [...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * MEGABYTE,
    stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: workspacePath(), TURBO_TELEMETRY_DISABLED: "1", ...env },
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (result.error !== undefined) return { code: 127, output: `${command}: ${result.error.message}\n${result.stderr ?? ""}` };
  return { code: result.status ?? 1, output: `${result.stdout ?? ""}${result.stderr ?? ""}` };
};

const workspacePath = (): string => [join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);

/** pnpm as the one who started this has it, or through npx where a tool was started without pnpm. */
export const pnpm = (args: readonly string[], options: RunOptions = {}): Ran => {
  const direct = run("pnpm", args, options);
  return direct.code === 127 ? run("npx", ["-y", "pnpm@12.21.0", ...args], options) : direct;
};

/** Builds what changed: the packages and the portal, or only the packages. Throws when a build fails: nothing after it makes sense. */
export const buildAll = (what: "everything" | "packages" = "everything"): void => {
  const filter = what === "packages" ? ["--filter=./packages/*"] : [];
  const built = pnpm(["run", "build", ...filter], { show: true });
  if (built.code !== 0) throw new BuildFailed("The build failed; its messages are above.");
};

export class BuildFailed extends Error {
  override readonly name = "BuildFailed";
}

/** Prints what failed under a heading and sets the exit code; says so in one line when nothing did. */
export const conclude = (check: string, problems: readonly string[], fine: string): void => {
  for (const problem of problems) console.error(`  ${problem.replaceAll("\n", "\n    ")}`);
  if (problems.length > 0) process.exitCode = 1;
  console.log(problems.length > 0 ? `${check}: ${problems.length} problem(s)` : `${check}: ${fine}`);
};
