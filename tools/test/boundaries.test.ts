import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findBreaches } from "../lib/boundaries.ts";

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const workspace = (files: Readonly<Record<string, string | object>>): string => {
  const base = mkdtempSync(join(tmpdir(), "holdfast-boundaries-"));
  made.push(base);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return base;
};

const core = { name: "@holdfast/session-core", exports: { ".": {}, "./store": {} }, dependencies: { "@noble/hashes": "1" } };
const store = { name: "@holdfast/store-x", exports: { ".": {} }, dependencies: { "@holdfast/session-core": "1" } };
const browser = { name: "@holdfast/session-browser", exports: { ".": {} } };

describe("boundaries", () => {
  it("has nothing to say about a workspace that keeps them", () => {
    const base = workspace({
      "packages/session-core/package.json": core,
      "packages/session-core/src/index.ts": 'import { sha256 } from "@noble/hashes/sha2.js";\nexport { a } from "./lib/a.ts";\n',
      "packages/session-core/src/lib/a.ts": '// import "hono" in a comment and "@holdfast/store-x" in a string are no imports\nexport const a = "import x from \'hono\'";\n',
      "packages/store-x/package.json": store,
      "packages/store-x/src/index.ts": 'import type { SessionStore } from "@holdfast/session-core/store";\n',
    });
    expect(findBreaches(base)).toEqual([]);
  });

  it.each([
    ["a static import", 'import { x } from "@holdfast/session-core";'],
    ["a type import", 'import type { x } from "@holdfast/session-core";'],
    ["a re-export", 'export { x } from "@holdfast/session-core";'],
    ["a dynamic import", 'await import("@holdfast/session-core");'],
    ["an import type", 'export type X = import("@holdfast/session-core").X;'],
  ])("finds %s of more than a store may see", (_, line) => {
    const base = workspace({
      "packages/session-core/package.json": core,
      "packages/store-x/package.json": store,
      "packages/store-x/src/index.ts": `// first line\n${line}\n`,
    });
    expect(findBreaches(base)).toEqual(["packages/store-x/src/index.ts:2: @holdfast/store-x may not import @holdfast/session-core"]);
  });

  it("lets only the package for Workers import the platform's module", () => {
    const line = 'import { DurableObject } from "cloudflare:workers";\n';
    const base = workspace({
      "packages/store-workers/package.json": { name: "@holdfast/store-workers" },
      "packages/store-workers/src/index.ts": line,
      "packages/store-x/package.json": store,
      "packages/store-x/src/index.ts": line,
    });
    expect(findBreaches(base)).toEqual(["packages/store-x/src/index.ts:1: @holdfast/store-x may not import cloudflare:workers"]);
  });

  it("finds a dependency that a package may not have", () => {
    const base = workspace({ "packages/session-browser/package.json": { ...browser, dependencies: { jose: "6" } } });
    expect(findBreaches(base)).toEqual(["packages/session-browser/package.json: depends on jose, which it may not import"]);
  });

  it("finds an import that is allowed but not declared", () => {
    const base = workspace({
      "packages/store-x/package.json": { name: "@holdfast/store-x" },
      "packages/store-x/src/index.ts": 'import "@holdfast/session-core/store";\n',
    });
    expect(findBreaches(base)).toEqual([expect.stringContaining("does not declare")]);
  });

  it("finds paths into another package, also from apps", () => {
    const base = workspace({
      "packages/session-core/package.json": core,
      "packages/store-x/package.json": store,
      "packages/store-x/src/index.ts": 'import "../../session-core/src/lib/a.ts";\nimport "./lib/own.ts";\n',
      "apps/demo/package.json": { name: "@holdfast/demo" },
      "apps/demo/src/main.ts": 'import "@holdfast/session-core/lib/a";\n',
    });
    expect(findBreaches(base)).toEqual([
      "apps/demo/src/main.ts:1: @holdfast/session-core/lib/a is no export of @holdfast/session-core",
      "packages/store-x/src/index.ts:1: ../../session-core/src/lib/a.ts reaches into another package",
    ]);
  });

  it("finds export * and a package without a rule", () => {
    const base = workspace({
      "packages/session-browser/package.json": browser,
      "packages/session-browser/src/index.ts": 'export * from "./lib/a.ts";\nexport * as b from "./lib/b.ts";\n',
      "packages/stray/package.json": { name: "@holdfast/stray" },
    });
    expect(findBreaches(base)).toEqual([
      expect.stringContaining("index.ts:1: export *"),
      expect.stringContaining("index.ts:2: export *"),
      expect.stringContaining("packages/stray: no rule"),
    ]);
  });
});
