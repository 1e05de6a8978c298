import { spawnSync } from "node:child_process";
import { parse } from "yaml";
import type { Affinity } from "@holdfast/affinity";
import { affinityConfig } from "../../src/lib/affinity-config.ts";

/** What a Service is reached at, in a network of its own. */
export const SERVICE = { address: "127.0.0.100", port: 80 };

const nft = (script: string): void => {
  const { status, stderr } = spawnSync("nft", ["-f", "-"], { input: script, encoding: "utf8" });
  if (status !== 0) throw new Error(`nft: ${stderr}\n${script}`);
};

/** The affinity that the Service of this description asks for, as kube-proxy reads it. */
const timeoutOf = (affinity: Affinity): number => {
  const { spec } = parse(affinityConfig(affinity, "kubernetes").text.replace(/targetPort: .*/, "targetPort: http")) as { spec: { sessionAffinity: string; sessionAffinityConfig: { clientIP: { timeoutSeconds: number } } } };
  if (spec.sessionAffinity !== "ClientIP") throw new Error("no ClientIP affinity");
  return spec.sessionAffinityConfig.clientIP.timeoutSeconds;
};

/**
 * Rules of the shape that kube-proxy writes in its nftables mode for a Service with ClientIP affinity: a set of clients for each endpoint, asked first and
 * written on each new connection; the rest by chance. Applied anew, sets of endpoints that stay keep what they hold.
 */
export function applyRules(affinity: Affinity): void {
  // All nodes are on one address here, so each has a port of its own; on pods it is one.
  const timeout = timeoutOf({ ...affinity, nodes: affinity.nodes.map((node) => ({ ...node, port: 8080 })) });
  const endpoints = affinity.nodes.filter(({ draining }) => !draining);
  const chance = endpoints.map(({ label }, index) => `${index} : goto endpoint_${label}`).join(", ");
  nft(
    [
      "add table ip kube",
      "add chain ip kube service",
      ...affinity.nodes.flatMap(({ label, port }) => [
        `add set ip kube clients_${label} { type ipv4_addr; flags dynamic, timeout; timeout ${timeout}s; }`,
        `add chain ip kube endpoint_${label}`,
        `flush chain ip kube endpoint_${label}`,
        `add rule ip kube endpoint_${label} update @clients_${label} { ip saddr }`,
        `add rule ip kube endpoint_${label} meta l4proto tcp dnat to 127.0.0.1:${port}`,
      ]),
      "flush chain ip kube service",
      ...endpoints.map(({ label }) => `add rule ip kube service ip saddr @clients_${label} goto endpoint_${label}`),
      `add rule ip kube service numgen random mod ${endpoints.length} vmap { ${chance} }`,
      "add chain ip kube output { type nat hook output priority -100; }",
      "flush chain ip kube output",
      `add rule ip kube output ip daddr ${SERVICE.address} tcp dport ${SERVICE.port} goto service`,
      "",
    ].join("\n"),
  );
}

/** An endpoint that is gone takes its clients with it: kube-proxy deletes its set. */
export const forget = (label: string): void => nft(`flush set ip kube clients_${label}\n`);
