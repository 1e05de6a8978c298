import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const found = spawnSync("bun", ["--version"], { encoding: "utf8" });
const suite = fileURLToPath(new URL("bun/contract.bun.ts", import.meta.url));

describe("bun:sqlite", () => {
  if (found.status !== 0) {
    it.skip("passes the store contract (not run: no `bun` on the PATH)");
    return;
  }
  it(`passes the store contract on Bun ${found.stdout.trim()}`, { timeout: 180_000 }, () => {
    const { status, stderr } = spawnSync("bun", ["test", suite], { encoding: "utf8" });
    expect(stderr).toMatch(/^ *\d{2,} pass$/m);
    expect(stderr).toMatch(/^ *0 fail$/m);
    expect(status).toBe(0);
  });
});
