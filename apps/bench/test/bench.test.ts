import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("measures applications that answer rightly: every case, run once", () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "--check"], { encoding: "utf8" });
  expect({ status, stdout: stdout.trim() }, stderr).toEqual({ status: 0, stdout: "21 cases give the right answers" });
});
