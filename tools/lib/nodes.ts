import { realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./shell.ts";

export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** The Node that runs this, and any other one on PATH: on a fresh machine that is the Node 20 a user may have. */
export const nodesHere = (): NodeBinary[] => {
  const candidates = [process.execPath, ...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node")), "/usr/bin/node"];
  const paths = new Set(candidates.flatMap((path) => real(path) ?? []));
  const found = [...paths].map((path) => ({ path, version: run(path, ["--version"]).output.trim() }));
  return found.filter(({ version }, index) => version.startsWith("v") && found.findIndex((other) => other.version === version) === index);
};

const real = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};
