import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { report } from "../support/findings.ts";
import { mayMakeNetwork, runInNetwork } from "../support/network.ts";
import type { Findings } from "../support/scenario.ts";

const TRAFFIC = fileURLToPath(new URL("../support/kube-traffic.ts", import.meta.url));

describe.skipIf(!mayMakeNetwork)("a Service with ClientIP affinity, by rules of kube-proxy's shape in a network of its own [needs nftables]", () => {
  it("moves nobody but clients of a node that is gone, and leaves them where they then are", { timeout: 600_000 }, () => {
    const found = runInNetwork(TRAFFIC) as Findings;
    report("Kubernetes ClientIP, address", found);
    expect(found).toMatchObject({ errors: 0, reset: 0, steadyMoved: 0, victimsMoved: found.victims, victimsMovedOn: 0, bystandersMoved: 0, backMoved: 0, addMoved: 0, newOnDrained: 0, drained: { outcome: "empty" } });
    expect(found.victims).toBeGreaterThan(0);
    expect(found.onDrained[0]).toBeGreaterThan(0);
    expect(found.onDrained.slice(1)).toEqual([0, 0]);
  });
});
