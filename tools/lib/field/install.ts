import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../shell.ts";
import { root } from "../workspace.ts";
import { VERSIONS } from "./rivals.ts";

/** Where the rivals are: beside the workspace's own modules, not among them. */
export const FIELD = join(root, "node_modules/.cache/field");

/** Fetches the rivals from npm when they are not there yet: 300 MB that nobody needs for building or testing. Nothing of them is run by the installation. */
export function installRivals(): void {
  const manifest = `${JSON.stringify({ private: true, dependencies: VERSIONS }, undefined, 2)}\n`;
  const file = join(FIELD, "package.json");
  const done = join(FIELD, "installed.json");
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return;
  mkdirSync(FIELD, { recursive: true });
  writeFileSync(file, manifest);
  console.log("Fetching the rivals from npm ...");
  const { code, output } = run("npm", ["install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: FIELD });
  if (code !== 0) throw new Error(`npm could not fetch them: ${output.slice(-2000)}`);
  writeFileSync(done, manifest);
}

export const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join(FIELD, "node_modules", name, "package.json"), "utf8")) as { version: string };
  return version;
};
