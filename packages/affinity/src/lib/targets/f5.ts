import type { Affinity, AffinityNode } from "../affinity.ts";
import { configError } from "../config-error.ts";
import type { Target } from "../target.ts";
import { behindOneAddress, laterThanNotice, losses, variable } from "./losses.ts";

/** The passphrase of the cookie comes from the environment of the shell that runs the script. */
const SECRET = "HOLDFAST_AFFINITY_SECRET";

const persistence = (affinity: Affinity): readonly string[] => {
  const { key, cookie, duration } = affinity;
  const profile = `${variable(affinity)}_persist`;
  const idle = duration.idle / 1000;
  switch (key.kind) {
    case "cookie":
      return [
        "# Without encryption BIG-IP writes the address and port of the node into the cookie.",
        `: "\${${SECRET}:?set it to a passphrase of your own}"`,
        `tmsh create ltm persistence cookie ${profile} defaults-from cookie method insert cookie-name ${cookie.name} cookie-encryption required cookie-encryption-passphrase "$${SECRET}" httponly enabled secure ${cookie.secure ? "enabled" : "disabled"} ${duration.cookie === "persistent" ? `always-send disabled expiration ${duration.absolute / 1000}` : "expiration 0"}`,
      ];
    case "ip":
      return [`tmsh create ltm persistence source-addr ${profile} defaults-from source_addr timeout ${idle}`];
    case "header":
      return [
        `tmsh create ltm rule ${profile}_by_header 'when HTTP_REQUEST { if { [HTTP::header exists "${key.header}"] } { persist uie [HTTP::header value "${key.header}"] ${idle} } }'`,
        `tmsh create ltm persistence universal ${profile} defaults-from universal rule ${profile}_by_header timeout ${idle}`,
      ];
  }
};

/** tmsh sets the port of an IPv6 address apart with a dot, and knows names only by nodes of another kind. */
const memberOf = ({ host, port }: AffinityNode): string => {
  if (/^[\d.]+$/.test(host)) return `${host}:${port}`;
  if (!host.startsWith("[")) throw configError("nodes", "of a BIG-IP pool are addresses; a name needs a node with an fqdn, which is yours to make.");
  return `${host.slice(1, -1)}.${port}`;
};

/** A shell script of tmsh commands for BIG-IP. The pool and the profile are made; the virtual server is yours. */
export const f5: Target = {
  proof: "generated",
  versions: ["17.1", "17.0", "16.1", "16.0", "15.1"],
  draft: (affinity) => {
    const { key, cookie, duration, health, nodes } = affinity;
    const id = variable(affinity);
    const interval = Math.max(1, Math.round(health.interval / 1000));
    const timeout = interval * health.fall + 1;
    const late = laterThanNotice(affinity, timeout).trim();
    const members = nodes.map((node) => `${memberOf(node)} { description ${node.label} ratio ${node.weight}${node.draining ? " session user-disabled" : ""} }`);
    return {
      file: "bigip.sh",
      lines: [
        "set -eu",
        "# recv-disable: a node that answers 404 keeps the clients it has and gets no new ones (drain); with 503 it is down.",
        `tmsh create ltm monitor http ${id}_health defaults-from http send 'GET ${health.path} HTTP/1.1\\r\\nHost: health\\r\\nConnection: close\\r\\n\\r\\n' recv '^HTTP/1\\.[01] 200' recv-disable '^HTTP/1\\.[01] 404' interval ${interval} timeout ${timeout}`,
        `tmsh create ltm pool ${id} monitor ${id}_health load-balancing-mode ratio-member service-down-action reselect members add { ${members.join(" ")} }`,
        ...persistence(affinity),
        "# On your virtual server (an http profile is needed for cookies and headers):",
        `#   tmsh modify ltm virtual YOURS pool ${id} persist replace-all-with { ${id}_persist { default yes } }`,
      ],
      losses: losses(
        key.kind === "cookie" && { option: "cookie.sameSite", text: `the profile has no field for it: browsers take it for Lax.${cookie.sameSite === "lax" ? "" : " Set it with an iRule on HTTP_RESPONSE_RELEASE."}` },
        key.kind === "cookie" && (cookie.path !== "/" || cookie.domain !== undefined) && { option: "cookie.path", text: "the cookie is for / on one host." },
        key.kind === "cookie" && { option: "cookie", text: "the passphrase is among the arguments of tmsh while that runs, where users of the shell see it, and may be in its log: use it for nothing else." },
        key.kind === "cookie" && { option: "nodes.label", text: "the cookie holds the node's address, encrypted; the label is its description." },
        key.kind === "cookie" && { option: "duration.idle", text: "nothing counts idle time." },
        key.kind === "cookie" && duration.cookie === "session" && { option: "duration.absolute", text: "nothing limits it: the cookie ends with the browser." },
        key.kind !== "cookie" && { option: "duration.absolute", text: "nothing limits it: only idle time counts." },
        behindOneAddress(affinity),
        affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies take turns." },
        health.rise !== 1 && { option: "health.rise", text: "one success is enough." },
        { option: "health.timeout", text: `a node is out after ${timeout} s without a good answer.` },
        late !== "" && { option: "drain", text: late },
      ),
    };
  },
};
