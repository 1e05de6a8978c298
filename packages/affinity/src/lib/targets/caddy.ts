import type { Affinity } from "../affinity.ts";
import { cookieAttributes } from "../cookie.ts";
import { addressOf } from "../nodes.ts";
import type { Target } from "../target.ts";
import { atLeast } from "../version.ts";
import { behindOneAddress, cookieInCaches, hashForgets, losses, span } from "./losses.ts";

/** The environment variable of the key that hides addresses: Caddy's cookie is an HMAC of the node's. */
const SECRET = "HOLDFAST_AFFINITY_SECRET";
/** Since then a policy may say what happens to clients it knows nothing of. */
const FALLBACK = "2.7";
/** Since then health checks count failures and successes in a row. */
const COUNTS = "2.8";

const policy = ({ key, cookie, cookielessHeader }: Affinity, version: string): readonly string[] => {
  if (key.kind === "ip") return ["lb_policy ip_hash"];
  const line = key.kind === "header" ? `lb_policy header ${key.header}` : `lb_policy cookie ${cookie.name} {$${SECRET}}`;
  if (!atLeast(version, FALLBACK)) return [line];
  const fallback = key.kind === "cookie" && cookielessHeader !== undefined ? [`\tfallback header ${cookielessHeader} {`, "\t\tfallback round_robin", "\t}"] : ["\tfallback round_robin"];
  return [`${line} {`, ...fallback, "}"];
};

/** A host before the port would be taken for the name of a site, and get a certificate. */
const site = (listen: string): readonly string[] => {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replaceAll(/[[\]]/g, "");
  return [`${listen.slice(colon)} {`, ...(host === "" ? [] : [`\tbind ${host}`])];
};

export const caddy: Target = {
  proof: "executed",
  versions: ["2.11", "2.6+"],
  draft: (affinity, { version, listen }) => {
    const { nodes, key, cookie, health, duration } = affinity;
    const byCookie = key.kind === "cookie";
    const old = !atLeast(version, FALLBACK);
    const counts = atLeast(version, COUNTS);
    return {
      file: "Caddyfile",
      lines: [
        ...site(listen),
        ...(byCookie
          ? [
              "\t# Without the secret anybody could work out the addresses: this line is an error then.",
              `\tvars holdfast_affinity {$${SECRET}}`,
              "\t# Caddy sets the cookie without attributes of its own.",
              "\theader {",
              `\t\tSet-Cookie "^(${cookie.name}=[0-9a-f]+);.*$" "$1; ${cookieAttributes(cookie)}${duration.cookie === "persistent" ? `; Max-Age=${duration.absolute / 1000}` : ""}"`,
              "\t\tdefer",
              "\t}",
            ]
          : []),
        "\treverse_proxy {",
        `\t\tto ${nodes.filter(({ draining }) => !draining).map(addressOf).join(" ")}`,
        ...policy(affinity, version).map((line) => `\t\t${line}`),
        "\t\t# A request that found its node dead goes to another one.",
        "\t\tlb_try_duration 3s",
        "\t\tlb_try_interval 100ms",
        `\t\tfail_duration ${span(health.interval)}`,
        `\t\thealth_uri ${health.path}`,
        `\t\thealth_interval ${span(health.interval)}`,
        `\t\thealth_timeout ${span(health.timeout)}`,
        "\t\thealth_status 200",
        ...(counts ? [`\t\thealth_fails ${health.fall}`, `\t\thealth_passes ${health.rise}`] : []),
        "\t}",
        "}",
      ],
      losses: losses(
        byCookie && { option: "nodes.label", text: `the cookie holds an HMAC of the node's address under ${SECRET}, not the label: a node with a new address is a new node.` },
        byCookie && { option: "duration.idle", text: "nothing counts idle time: a client stays as long as its browser keeps the cookie." },
        byCookie && duration.cookie === "session" && { option: "duration.absolute", text: "nothing limits it: the cookie ends with the browser." },
        byCookie && old && affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies are spread at random (2.7 can do better)." },
        key.kind === "header" && old && { option: "key", text: "clients without the header are spread at random." },
        hashForgets(affinity),
        behindOneAddress(affinity),
        !byCookie && old && { option: "nodes", text: "the hash of this version spreads badly: the busiest node has half more than its share (2.11 has mended it)." },
        nodes.some(({ weight }) => weight !== nodes[0]?.weight) && { option: "nodes.weight", text: "all nodes get the same share." },
        { option: "drain", text: `${health.path} with 404, or draining, takes the node out at once: its clients move to others with their next request. A reload resets connections that wait to be accepted.` },
        cookieInCaches(affinity),
        health.fall !== 1 && { option: "health.fall", text: counts ? `holds for health checks: one request that finds no connection takes a node out for ${span(health.interval)} at once.` : "one failure is enough." },
        health.rise !== 1 && !counts && { option: "health.rise", text: "one success is enough." },
      ),
    };
  },
};
