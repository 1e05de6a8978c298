import { spawnSync } from "node:child_process";
import { accessSync } from "node:fs";
import { expect } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";

const here = serviceFor("nftables", "ClientIP affinity of Kubernetes is") !== undefined;
/** A network of one's own takes rights that not every machine gives. */
export const mayMakeNetwork = here && process.getuid?.() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;
if (here && !mayMakeNetwork) console.warn("\n  SKIPPED: no network namespace may be made here: ClientIP affinity of Kubernetes is NOT tested.\n");

/** Runs a script in a network of its own, as root there. What it printed is JSON. */
export function runInNetwork(script: string): unknown {
  accessSync(script);
  const { status, stdout, stderr } = spawnSync("unshare", ["--net", process.execPath, "--disable-warning=ExperimentalWarning", script], { encoding: "utf8", timeout: 500_000 });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}
