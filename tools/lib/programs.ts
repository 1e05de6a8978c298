import { accessSync, constants, existsSync } from "node:fs";
import { isCi } from "./ci.ts";
import { run } from "./shell.ts";

/** A program that is not ours and that a suite needs. */
export interface Program {
  /** For messages. */
  readonly name: string;
  /** The environment variable that names it when it is somewhere else. */
  readonly variable: string;
  readonly usual: readonly string[];
  /** What else has to be there. */
  readonly beside?: readonly string[];
  /** It cannot be had everywhere: a suite without it is skipped aloud, with CI set too. Such suites say `[wants ...]` in their names. */
  readonly optional?: true;
  /** Debian packages. */
  readonly packages: readonly string[];
  /** Fetches it where no package of this Debian has it. Only called where we may install. Returns what went wrong. */
  readonly fetch?: () => string | undefined;
}

/**
 * The path of a program for a suite. Without it says aloud that `what` ("the portal is") is not tested, and returns `undefined`;
 * with CI set that is a failure.
 */
export const programFor = (program: Program, what: string): string | undefined => {
  const path = pathOf(program);
  if (path !== undefined) return path;
  const { name, variable, packages, optional } = program;
  const words = `No ${name}: ${what} NOT tested with it. ${packages.length > 0 ? `Install it (apt-get install ${packages.join(" ")}) or set` : "Set"} ${variable}.`;
  if (isCi() && optional !== true) throw new Error(words);
  console.warn(`\n  SKIPPED: ${words}\n`);
  return undefined;
};

export interface Found {
  /** For the environment of the tests: the variable of each program with its path, or undefined. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is not here and could not be installed, with the variable that can name it. */
  readonly missing: readonly string[];
}

/** The programs for the tests: those named by variables, installed ones, or ones installed now where we may. */
export const findPrograms = (programs: readonly Program[]): Found => {
  const absent = programs.filter((program) => pathOf(program) === undefined && !named(program));
  if (absent.length > 0 && mayInstall()) install(absent);
  const found = programs.map((program) => ({ ...program, path: pathOf(program) }));
  return {
    env: Object.fromEntries(found.map(({ variable, path }) => [variable, path])),
    missing: found.filter(({ path, optional }) => path === undefined && optional !== true).map(({ name, variable }) => `${name} (${variable})`),
  };
};

/** The path of a program, or `undefined` where it is not. */
export const pathOf = (program: Program): string | undefined => {
  const own = named(program);
  const path = own === undefined ? program.usual.find(runnable) : own;
  return path !== undefined && runnable(path) && (program.beside ?? []).every(runnable) ? path : undefined;
};

const named = ({ variable }: Program): string | undefined => process.env[variable] || undefined;

const mayInstall = (): boolean => process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

const install = (programs: readonly Program[]): void => {
  console.log(`Not here: ${programs.map(({ name }) => name).join(", ")}; installing with apt-get (about a minute) ...`);
  const packages = programs.flatMap((program) => program.packages);
  const failed = aptGet(["update"]) ?? (packages.length > 0 ? aptGet(["install", "-y", "--no-install-recommends", ...packages]) : undefined);
  const problems = [failed, ...programs.map(({ fetch }) => fetch?.())];
  for (const problem of problems) if (problem !== undefined) console.error(problem);
};

/** Runs apt-get without questions, and without starting what it installs. Returns the end of its output when it fails. */
export const aptGet = (args: readonly string[], cwd?: string): string | undefined => {
  // RUNLEVEL=1 keeps the packages' scripts from starting their servers on the well-known ports.
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const { code, output } = run("apt-get", args, { env, ...(cwd === undefined ? {} : { cwd }) });
  return code === 0 ? undefined : `apt-get ${args.join(" ")} failed:\n${output.split("\n").slice(-8).join("\n")}`;
};

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
