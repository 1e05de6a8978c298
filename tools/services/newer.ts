import { chmodSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptGet } from "../lib/programs.ts";
import { run } from "../lib/shell.ts";

/** The Debian after the next: newer programs than this system has, each with the libraries of its own time beside it. */
const SUITE = "forky";
const ARCHIVE = "http://deb.debian.org/debian";
/** Where everybody may read: servers run as nobody, and the workspace may be closed to them. */
const folder = "/var/cache/holdfast/newer";
const root = join(folder, "root");
const loader = join(root, "usr/lib64/ld-linux-x86-64.so.2");

/** Where a newer program can be started after `fetchNewer`. */
export const newer = (name: string): string => join(folder, "bin", name);

const PROGRAMS: Readonly<Record<string, string>> = { haproxy: "usr/sbin/haproxy", nginx: "usr/sbin/nginx", caddy: "usr/bin/caddy" };

/** Fetches newer balancers with all they need and unpacks them beside the system, which keeps its own. Returns what went wrong. */
export const fetchNewer = (): string | undefined => {
  const fetched = [loader, ...Object.values(PROGRAMS).map((path) => join(root, path))].every((path) => existsSync(path));
  const failed = fetched ? undefined : unpackAll();
  if (failed !== undefined) return failed;
  mkdirSync(join(folder, "bin"), { recursive: true });
  for (const [name, path] of Object.entries(PROGRAMS)) {
    // `exec` keeps the pid, and a program that starts itself anew (HAProxy, to reload) comes here again.
    writeFileSync(newer(name), `#!/bin/sh\nexec ${loader} --argv0 "$0" --library-path ${root}/usr/lib/x86_64-linux-gnu ${join(root, path)} "$@"\n`);
    chmodSync(newer(name), 0o755);
  }
  return undefined;
};

const unpackAll = (): string | undefined => {
  rmSync(folder, { recursive: true, force: true });
  for (const path of ["lists/partial", "cache/archives/partial", "root"]) mkdirSync(join(folder, path), { recursive: true });
  const list = join(folder, "sources.list");
  writeFileSync(list, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${ARCHIVE} ${SUITE} main\n`);
  // An empty status: as on a system with nothing installed, so that every library comes along.
  const places = { "Dir::Etc::SourceList": list, "Dir::Etc::SourceParts": "-", "Dir::State::Lists": join(folder, "lists"), "Dir::Cache": join(folder, "cache"), "Dir::State::status": "/dev/null", "APT::Sandbox::User": "root" };
  const options = Object.entries(places).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const failed = aptGet([...options, "update"]) ?? aptGet([...options, "install", "--download-only", "-y", "--no-install-recommends", ...Object.keys(PROGRAMS)]);
  if (failed !== undefined) return failed;
  for (const file of globSync("cache/archives/*.deb", { cwd: folder })) {
    const { code, output } = run("dpkg", ["-x", join(folder, file), root]);
    if (code !== 0) return `dpkg -x ${file} failed: ${output}`;
  }
  for (const path of ["lists", "cache"]) rmSync(join(folder, path), { recursive: true, force: true });
  return undefined;
};
