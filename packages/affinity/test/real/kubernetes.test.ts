import { spawnSync } from "node:child_process";
import { accessSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { report } from "../support/findings.ts";
import type { Findings } from "../support/scenario.ts";

const TRAFFIC = fileURLToPath(new URL("../support/kube-traffic.ts", import.meta.url));

const here = serviceFor("nftables", "ClientIP affinity of Kubernetes is") !== undefined;
/** A network of one's own takes rights that not every machine gives. */
const may = here && process.getuid?.() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;
if (here && !may) console.warn("\n  SKIPPED: no network namespace may be made here: ClientIP affinity of Kubernetes is NOT tested.\n");

describe.skipIf(!may)("a Service with ClientIP affinity, by rules of kube-proxy's shape in a network of its own [needs nftables]", () => {
  it("moves nobody but clients of a node that is gone, and leaves them where they then are", { timeout: 120_000 }, () => {
    accessSync(TRAFFIC);
    const { status, stdout, stderr } = spawnSync("unshare", ["--net", process.execPath, "--disable-warning=ExperimentalWarning", TRAFFIC], { encoding: "utf8", timeout: 100_000 });
    expect(status, stderr).toBe(0);
    const found = JSON.parse(stdout) as Findings;
    report("Kubernetes ClientIP, address", found);
    expect(found).toMatchObject({ errors: 0, steadyMoved: 0, victimsMoved: found.victims, bystandersMoved: 0, backMoved: 0, addMoved: 0, newOnDrained: 0 });
    expect(found.victims).toBeGreaterThan(0);
    expect(found.onDrained.slice(1)).toEqual([0, 0]);
  });
});
