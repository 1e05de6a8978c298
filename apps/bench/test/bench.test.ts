import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { serviceFor } from "../../../tools/services/programs.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function check(bench: string): { readonly status: number | null; readonly said: string; readonly complaints: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, bench, "--check"], { encoding: "utf8" });
  return { status, said: stdout.trim(), complaints: stderr };
}

it("measures applications that answer rightly: every case, run once", () => {
  expect(check("requests")).toMatchObject({ status: 0, said: "21 cases give the right answers" });
});

it("says which benches there are", () => {
  const { status, complaints } = check("nothing");
  expect(status).toBe(1);
  expect(complaints).toContain("requests, stores");
});

const engines = (["redis", "postgres"] as const).every((engine) => serviceFor(engine, "the bench of the stores is"));
describe.skipIf(!engines)("with the sessions in real engines [needs redis, postgres]", () => {
  it("every contender signs in over HTTP and answers with the user", { timeout: 120_000 }, () => {
    expect(check("stores")).toMatchObject({ status: 0, said: "16 contenders give the right answers" });
  });
});
