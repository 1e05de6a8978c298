import { existsSync } from "node:fs";
import { join } from "node:path";
import { nodesHere } from "./nodes.ts";
import { type Program, programFor } from "./programs.ts";
import { root } from "./workspace.ts";

export type RuntimeName = "Node 20" | "Node 22" | "Node 24" | "Node 26" | "Deno" | "Bun";

/** The programs that JavaScript runs in, of the versions in package.json; npm has them, where it has them for this machine. */
export const RUNTIMES: Readonly<Record<RuntimeName, Program>> = {
  "Node 20": node(20),
  "Node 22": node(22),
  "Node 24": node(24),
  "Node 26": node(26),
  Deno: { name: "Deno", variable: "DENO_PATH", usual: [join(root, "node_modules/deno/deno")], packages: [] },
  Bun: { name: "Bun", variable: "BUN_PATH", usual: [join(root, "node_modules/bun/bin/bun.exe")], packages: [] },
};

function node(major: number): Program {
  return { name: `Node ${major}`, variable: `NODE${major}_PATH`, usual: [join(root, `apps/conformance/node_modules/node-${major}/bin/node`)], packages: [] };
}

/** The program of a runtime, or any other Node of that version on this machine; see `programFor`. */
export function runtimeFor(name: RuntimeName, what: string): string | undefined {
  const program = RUNTIMES[name];
  if (process.env[program.variable] || program.usual.some(existsSync)) return programFor(program, what);
  const other = nodesHere().find(({ version }) => version.startsWith(`v${name.slice("Node ".length)}.`));
  return other?.path ?? programFor(program, what);
}
