import { fileURLToPath } from "node:url";
import type { Verification } from "@holdfast/affinity/verify";
import { describe, it } from "vitest";
import { mayMakeNetwork, runInNetwork } from "../support/network.ts";
import { holds } from "../support/rows.ts";
import type { Row } from "../support/verdict.ts";

const SCRIPT = fileURLToPath(new URL("../support/kube-verify.ts", import.meta.url));

const ROW: Row = { name: "rules of kube-proxy's shape", key: "address", findings: ["by_address"], spreadBy: "chance" };

describe.skipIf(!mayMakeNetwork)("the probe, on a Service with ClientIP affinity in a network of its own [needs nftables]", () => {
  it(`${ROW.name}: says ${ROW.findings.join()}`, { timeout: 600_000 }, () => {
    holds("Kubernetes ClientIP", ROW, runInNetwork(SCRIPT) as Verification);
  });
});
