import { existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodesHere } from "./lib/nodes.ts";
import { buildAll, conclude, pnpm, run } from "./lib/shell.ts";
import { link, withTemporaryFolder } from "./lib/temporary.ts";
import { offered, published, type Workspace } from "./lib/workspace.ts";

// `pnpm packaging`: packs every package as it would be published, lets publint and "are the types wrong" look at the
// tarball, unpacks it beside its dependencies, imports every export and asks every program for help on each Node of this machine.
buildAll("packages");
const packages = published();

/** Style sheets are offered too; they have no types, and nothing to import. */
const isStyle = (entry: string): boolean => entry.endsWith(".css");

/** What imports a module of Workers can be imported nowhere else; its tests run it in workerd. */
const isForWorkers = ({ path, manifest }: Workspace, specifier: string): boolean => {
  const entry = specifier.slice(manifest.name.length + 1);
  return entry !== "" && /from ["']cloudflare:/.test(readFileSync(join(path, "dist", `${entry}.js`), "utf8"));
};

const packed = (member: Workspace, folder: string): { tarball: string; problems: string[] } => {
  const destination = join(folder, member.folder);
  mkdirSync(destination, { recursive: true });
  const { code, output } = pnpm(["pack", "--pack-destination", destination], { cwd: member.path });
  const [name] = globSync("*.tgz", { cwd: destination });
  if (code !== 0 || name === undefined) return { tarball: "", problems: [`${member.folder}: pnpm pack failed\n${output}`] };
  const tarball = join(destination, name);
  const styles = Object.keys(member.manifest.exports ?? {}).filter(isStyle);
  const checks: [string, string[]][] = [
    ["publint", ["run", tarball, "--strict"]],
    ["attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color", ...(styles.length > 0 ? ["--exclude-entrypoints", ...styles] : [])]],
  ];
  const problems = checks.flatMap(([tool, args]) => {
    const checked = run(tool, args, { cwd: member.path });
    return checked.code === 0 ? [] : [`${member.folder}: ${tool}\n${checked.output.trim()}`];
  });
  return { tarball, problems };
};

/** The packages as an application would have them: unpacked in node_modules, with their dependencies beside them. */
const installed = (tarballs: readonly (readonly [Workspace, string])[], folder: string): string[] => {
  for (const [{ path, manifest }, tarball] of tarballs) {
    const target = join(folder, "node_modules", manifest.name);
    mkdirSync(target, { recursive: true });
    const { code, output } = run("tar", ["-xzf", tarball, "--strip-components=1", "-C", target]);
    if (code !== 0) return [`${manifest.name}: could not be unpacked\n${output}`];
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      const destination = join(folder, "node_modules", dependency);
      if (!packages.some((other) => other.manifest.name === dependency) && !existsSync(destination)) {
        link(join(path, "node_modules", dependency), destination);
      }
    }
  }
  return [];
};

const imported = (folder: string): string[] => {
  // The conformance kit is imported by tests only: outside of a test run, vitest refuses to load.
  const specifiers = packages.filter(({ manifest }) => !("vitest" in (manifest.peerDependencies ?? {}))).flatMap((member) => offered(member.manifest).filter((specifier) => !isStyle(specifier) && !isForWorkers(member, specifier)));
  return nodesHere().flatMap(({ path, version }) => {
    const problems = specifiers.flatMap((specifier) => {
      const { code, output } = run(path, ["--input-type=module", "--eval", `await import(${JSON.stringify(specifier)})`], { cwd: folder });
      return code === 0 ? [] : [`${specifier} cannot be imported on Node ${version}\n${output.trim()}`];
    });
    console.log(`Node ${version}: ${specifiers.length - problems.length} of ${specifiers.length} exports can be imported`);
    return problems;
  });
};

/** Programs start on each Node, by the first line of their files too. */
const started = (folder: string): string[] =>
  packages.flatMap(({ manifest }) =>
    Object.entries(manifest.bin ?? {}).flatMap(([name, file]) => {
      const program = join(folder, "node_modules", manifest.name, file);
      if (!readFileSync(program, "utf8").startsWith("#!/usr/bin/env node\n")) return [`${manifest.name}: ${file} does not say that node runs it`];
      return nodesHere().flatMap(({ path, version }) => {
        const { code, output } = run(path, [program, "--help"], { cwd: folder });
        return code === 0 && output.includes(`Usage: ${name}`) ? [] : [`${name} does not start on Node ${version}\n${output.trim()}`];
      });
    }),
  );

const problems = withTemporaryFolder((folder) => {
  const results = packages.map((member) => [member, packed(member, folder)] as const);
  const found = results.flatMap(([, result]) => result.problems);
  const tarballs = results.filter(([, { tarball }]) => tarball !== "").map(([member, { tarball }]) => [member, tarball] as const);
  const app = join(folder, "app");
  return [...found, ...installed(tarballs, app), ...imported(app), ...started(app)];
});
conclude("packaging", problems, `${packages.length} packages pack, type, import and start well`);
