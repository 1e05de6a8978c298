import { copyFileSync, chmodSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { aptGet } from "../lib/programs.ts";
import { run } from "../lib/shell.ts";
import { root } from "../lib/workspace.ts";

const folder = join(root, "node_modules/.cache/holdfast-backports");
const ARCHIVE = "http://deb.debian.org/debian";

/** Where a file of a backported package lies after `backport`. */
export const unpacked = (file: string): string => join(folder, "root", file);

/** Fetches packages of Debian's backports and unpacks them beside the workspace: the system keeps its own. Returns what went wrong. */
export const backport = (packages: readonly string[]): string | undefined => {
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  if (release === undefined) return `No backports for this system: ${packages.join(", ")}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  const list = join(folder, "sources.list");
  writeFileSync(list, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${ARCHIVE} ${release}-backports main\n`);
  const options = ["-o", `Dir::Etc::SourceList=${list}`, "-o", "Dir::Etc::SourceParts=-", "-o", `Dir::State::Lists=${join(folder, "lists")}`, "-o", "APT::Sandbox::User=root"];
  const failed = aptGet([...options, "update"]) ?? aptGet([...options, "download", ...packages], folder);
  if (failed !== undefined) return failed;
  for (const file of globSync("*.deb", { cwd: folder })) {
    const { code, output } = run("dpkg", ["-x", join(folder, file), join(folder, "root")]);
    if (code !== 0) return `dpkg -x ${file} failed: ${output}`;
  }
  return undefined;
};

/** A program that another user may run, wherever the workspace lies: itself, or a copy in `target`. */
export const forAnybody = (program: string, target: string): string => {
  if (!program.startsWith(root)) return program;
  const copy = join(target, basename(program));
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
  return copy;
};
