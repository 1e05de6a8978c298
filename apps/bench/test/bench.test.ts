import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { startBenchEngines } from "../../../tools/services/bench-engines.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function check(bench: string, env: Readonly<Record<string, string>> = {}): { readonly status: number | null; readonly said: string; readonly complaints: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, bench, "--check"], { encoding: "utf8", env: { ...process.env, ...env } });
  return { status, said: stdout.trim(), complaints: stderr };
}

it("measures applications that answer rightly: every case, run once", () => {
  expect(check("requests")).toMatchObject({ status: 0, said: "21 cases give the right answers" });
});

it("opens what each codec sealed", () => {
  expect(check("seals")).toMatchObject({ status: 0, said: "9 cases give the right answers" });
});

it("and verifiers that accept", () => {
  expect(check("tokens")).toMatchObject({ status: 0, said: "8 cases give the right answers" });
});

it("says which benches there are", () => {
  const { status, complaints } = check("nothing");
  expect(status).toBe(1);
  expect(complaints).toContain("requests, seals, stores, tokens");
});

const engines = await startBenchEngines();
describe.skipIf(engines === undefined)("with the sessions in real engines [needs redis, postgres]", () => {
  afterAll(() => engines?.stop());

  it("every contender signs in over HTTP and answers with the user", { timeout: 120_000 }, () => {
    expect(check("stores", engines?.env)).toMatchObject({ status: 0, said: "17 contenders give the right answers" });
  });

  it("and nothing is emptied that is not the bench's own", () => {
    expect(check("stores").complaints).toContain("BENCH_REDIS_URL must name a server for this bench alone");
    // The check before has left its sessions.
    expect(check("stores", engines?.env).complaints).toContain("holds something, and would be emptied");
  });
});
