import type { Affinity } from "./affinity.ts";
import { configError, noOthers } from "./config-error.ts";
import { listenFrom } from "./listen.ts";
import { AFFINITY_TARGETS, type AffinityConfig, type AffinityTarget, type Target } from "./target.ts";
import { awsAlb } from "./targets/aws-alb.ts";
import { caddy } from "./targets/caddy.ts";
import { f5 } from "./targets/f5.ts";
import { gatewayApi } from "./targets/gateway-api.ts";
import { gcp } from "./targets/gcp.ts";
import { haproxy } from "./targets/haproxy.ts";
import { kubernetes } from "./targets/kubernetes.ts";
import { nginx } from "./targets/nginx.ts";
import { isKnown } from "./version.ts";

export interface AffinityConfigOptions {
  /** Of the balancer, as it names itself: `1.22.1`, `2.6`. Default: a current one. */
  readonly version?: string;
  /** Where clients come in, for HAProxy, NGINX and Caddy: `:8080` or `127.0.0.1:8080`. Default `:8080`. TLS is yours to add. Refused for the others. */
  readonly listen?: string;
}

const TARGETS: Readonly<Record<AffinityTarget, Target>> = { haproxy, nginx, caddy, kubernetes, "gateway-api": gatewayApi, "aws-alb": awsAlb, gcp, f5 };

const LISTENING: readonly AffinityTarget[] = ["haproxy", "nginx", "caddy"];

/**
 * The configuration of one balancer for a description, with the list of what that balancer cannot honour. Pure: the same input, the same text.
 * @throws HoldfastError `config`: no such target or version, or a key that this balancer does not know (nothing weaker is put in its place)
 */
export function affinityConfig(affinity: Affinity, target: AffinityTarget, options: AffinityConfigOptions = {}): AffinityConfig {
  if (!AFFINITY_TARGETS.includes(target)) throw configError("target", `must be one of ${AFFINITY_TARGETS.join(", ")}.`);
  noOthers("", options, ["version", "listen"]);
  const { proof, versions, draft } = TARGETS[target];
  const version = options.version ?? (versions[0] ?? "").replace("+", "");
  if (!isKnown(version, versions)) throw configError("version", `of ${target} must be one of ${versions.join(", ")}.`);
  if (options.listen !== undefined && !LISTENING.includes(target)) throw configError("listen", `is for ${LISTENING.join(", ")}: where ${target} listens is not in this file.`);
  const listen = listenFrom(options.listen ?? ":8080");
  const { file, lines, losses } = draft(affinity, { version, listen });
  return { target, version, file, losses, proof, text: `${[...heading(target, version, proof, losses), ...lines].join("\n")}\n` };
}

/** All targets take `#` for a comment. */
const heading = (target: string, version: string, proof: AffinityConfig["proof"], losses: AffinityConfig["losses"]): string[] => [
  `# Sticky sessions for ${target} ${version}, written by Holdfast.`,
  proof === "executed" ? "# This form is run on the real engine by Holdfast's tests." : "# Generated, not executed here: checked against documents and schemas only. Try it with `holdfast affinity verify`.",
  ...(losses.length === 0 ? ["# It honours the whole description."] : ["# What it cannot honour:", ...losses.map(({ option, text }) => `#   ${option}: ${text}`)]),
  "",
];
