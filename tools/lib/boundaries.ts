import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { moduleFacts } from "./imports.ts";
import { type Manifest, members, offered, type Workspace } from "./workspace.ts";

/** Development dependencies that the build puts into dist: importing costs by the file, and these are many small ones. */
const bundled: readonly string[] = ["@noble/hashes"];

/**
 * Who may import whom: for each published package, the modules its sources may name. A trailing `/*` allows subpaths.
 * Whatever is not listed is refused, so a new dependency shows up here, in review.
 */
const allowed: readonly (readonly [packages: RegExp, modules: readonly string[]])[] = [
  [/^session-protocol$/, []],
  [/^session-core$/, ["@holdfast/session-protocol", "@noble/hashes/*", "@standard-schema/spec", "jose/*"]],
  // Errors and the clock of the core, and nothing of its engine.
  [/^affinity$/, ["@holdfast/session-core/store", "node:crypto", "node:http", "node:https"]],
  [/^session-hono$/, ["@holdfast/session-core", "@holdfast/session-core/bound", "@holdfast/session-core/tokens", "@holdfast/session-protocol", "hono", "hono/*"]],
  // Frameworks in the entries of their names only; the packages are optional peers.
  [/^session-browser$/, ["@holdfast/session-protocol", "react", "vue", "svelte/reactivity", "solid-js"]],
  [/^session-browser-testing$/, ["@holdfast/session-browser", "@holdfast/session-core", "@holdfast/session-core/csrf", "@holdfast/session-core/memory", "@holdfast/session-hono", "@holdfast/session-protocol", "hono", "msw"]],
  [/^cli$/, ["@holdfast/affinity", "@holdfast/affinity/verify", "@holdfast/session-core", "@holdfast/session-core/keys", "@holdfast/session-core/tokens", "commander", "node:child_process", "node:fs", "node:fs/promises", "node:path", "node:timers/promises", "node:url"]],
  [/^store-contract$/, ["@holdfast/session-core/store", "@holdfast/session-core/store-kit", "vitest"]],
  [/^store-workers$/, ["@holdfast/session-core/store", "@holdfast/session-core/store-kit", "cloudflare:workers"]],
  // It speaks to its servers itself (decision 026).
  [/^store-memcached$/, ["@holdfast/session-core/store", "@holdfast/session-core/store-kit", "node:crypto", "node:net", "node:tls"]],
  [/^store-/, ["@holdfast/session-core/store", "@holdfast/session-core/store-kit"]],
];

/** Every breach of the boundaries in the workspace under `base`, one line each. */
export const findBreaches = (base: string): string[] => {
  const all = members(base);
  const manifests = all.map(({ manifest }) => manifest);
  return all.flatMap((member) => [
    ...(member.folder.startsWith("packages/") ? [...manifestBreaches(member), ...sourceBreaches(member)] : []),
    ...internalsBreaches(member, manifests),
  ]);
};

const rulesFor = ({ folder }: Workspace): readonly string[] | undefined =>
  allowed.find(([packages]) => packages.test(folder.slice("packages/".length)))?.[1];

const manifestBreaches = (member: Workspace): string[] => {
  const rules = rulesFor(member);
  if (rules === undefined) return [`${member.folder}: no rule says what it may import (add one to tools/lib/boundaries.ts)`];
  const { dependencies, peerDependencies, optionalDependencies } = member.manifest;
  const names = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  return names
    .filter((name) => !rules.some((rule) => packageOf(rule) === name))
    .map((name) => `${member.folder}/package.json: depends on ${name}, which it may not import`);
};

const sourceBreaches = (member: Workspace): string[] =>
  sources(member).flatMap(({ file, text }) => {
    const { imports, exportStars } = moduleFacts(file, text);
    const { dependencies, peerDependencies, optionalDependencies } = member.manifest;
    const declared = { ...dependencies, ...peerDependencies, ...optionalDependencies };
    const outside = imports.filter(({ specifier }) => !specifier.startsWith("."));
    return [
      ...exportStars.map((line) => `${file}:${line}: export * hides what a module offers; name the exports`),
      ...outside
        .filter(({ specifier }) => !(rulesFor(member) ?? []).some((rule) => matches(rule, specifier)))
        .map(({ specifier, line }) => `${file}:${line}: ${member.manifest.name} may not import ${specifier}`),
      ...outside
        .filter(({ specifier }) => !isBuiltin(specifier) && !specifier.startsWith("cloudflare:") && !(packageOf(specifier) in declared) && !bundled.includes(packageOf(specifier)))
        .map(({ specifier, line }) => `${file}:${line}: imports ${specifier}, which its package.json does not declare`),
    ];
  });

/** Other packages are reached by what they export, never by a path into them. Tests are not shipped and may borrow. */
const internalsBreaches = (member: Workspace, manifests: readonly Manifest[]): string[] =>
  sources(member).flatMap(({ file, path, text }) =>
    moduleFacts(file, text).imports.flatMap(({ specifier, line }) => {
      if (specifier.startsWith(".")) {
        const leaves = relative(member.path, resolve(dirname(path), specifier)).startsWith("..");
        return leaves
          ? [`${file}:${line}: ${specifier} reaches into another package`]
          : [];
      }
      const target = manifests.find(({ name }) => name === packageOf(specifier));
      return target !== undefined && !offered(target).includes(specifier)
        ? [`${file}:${line}: ${specifier} is no export of ${target.name}`]
        : [];
    }),
  );

const sources = (member: Workspace): { file: string; path: string; text: string }[] =>
  globSync("src/**/*.{ts,tsx,mts}", { cwd: member.path })
    .sort()
    .map((name) => {
      const path = join(member.path, name);
      return { file: join(member.folder, name), path, text: readFileSync(path, "utf8") };
    });

const matches = (rule: string, specifier: string): boolean =>
  rule.endsWith("/*") ? specifier.startsWith(rule.slice(0, -1)) : rule === specifier;

const packageOf = (specifier: string): string =>
  specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
