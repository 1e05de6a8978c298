import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALGORITHMS } from "../src/lib/tokens/algorithms.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/operations.md");
const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).map((path) => [path, read(path)] as const);
const core = sources.filter(([path]) => path.startsWith("packages/session-core/")).map(([, text]) => text).join("\n");

/** The rows of each table under a heading, as cells. */
function tables(heading: string): string[][][] {
  const [, section = ""] = page.split(`## ${heading}\n`);
  const blocks = (section.split("\n## ")[0] ?? "").split(/\n(?!\|)/).map((block) => block.split("\n").filter((line) => line.startsWith("|") && !line.startsWith("|---")));
  return blocks.filter((rows) => rows.length > 0).map(([, ...rows]) => rows.map((row) => row.slice(1, -1).split("|").map((cell) => cell.trim())));
}

const bare = (cell = ""): string => cell.replaceAll("`", "");

describe("the page on operations", () => {
  it("[M10] each limit is an option with that default", () => {
    const rows = tables("Limits")[0] ?? [];
    expect(rows.length).toBeGreaterThan(8);
    for (const [, option, value = ""] of rows) {
      if (option === "`policy.concurrent`") continue;
      // In the option's own comment, as its users read it; thousands may be set apart there, and minutes are no milliseconds.
      const declared = [...core.matchAll(new RegExp(String.raw`/\*\*((?:(?!\*/)[\s\S])*)\*/\s+readonly ${bare(option)}\?:`, "g"))].map(([, comment = ""]) => comment.replaceAll(/(?<=\d),(?=\d{3})/g, ""));
      expect(declared.some((comment) => comment.includes(`Default ${value}`) || comment.includes(`default ${value}`) || (Number(value) % 1000 === 0 && comment.includes(`Default ${Number(value) / 1000} s`))), `${option} ${value}`).toBe(true);
    }
  });

  it("[M10] the inventory has every algorithm that signs or verifies, and every purpose that a key is derived for", () => {
    const [algorithms = [], purposes = []] = tables("Cryptography");
    const names = algorithms.map(([name]) => bare(name));
    for (const name of ALGORITHMS) expect(names).toContain(name);
    for (const name of ["HMAC-SHA-256", "HKDF-SHA-256", "SHA-256", "AES-256-GCM"]) expect(names).toContain(name);
    const derived = [...core.matchAll(/derive(?:Key)?\((?:\w+, )?["`](\w+)/g)].map(([, purpose]) => purpose);
    expect(derived.length).toBeGreaterThan(7);
    expect(purposes.map(([name]) => bare(name)).sort()).toEqual([...new Set(derived)].sort());
  });

  it("[M10] the states of a key and the parts of the platform are those of the code", () => {
    const [, states = []] = tables("Keys and when they change");
    const [, named = ""] = /state: ((?:"\w+"(?: \| )?)+);/.exec(read("packages/session-core/src/lib/token/key-ring.ts")) ?? [];
    expect(states.map(([name]) => bare(name))).toEqual(named.split(" | ").map((name) => name.slice(1, -1)));
    const environment = [...read("packages/session-browser/src/lib/environment.ts").matchAll(/^ {2}readonly (\w+):/gm)].map(([, name = ""]) => name);
    const features = (tables("Browsers")[0] ?? []).map(([name]) => bare(name));
    expect(features.filter((name) => !environment.includes(name))).toEqual([]);
    // What is everywhere needs no row.
    expect(environment.filter((name) => !features.includes(name) && !["random", "now", "monotonic", "setTimer", "window", "document", "url"].includes(name))).toEqual([]);
  });
});
