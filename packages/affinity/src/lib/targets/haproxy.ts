import type { Affinity } from "../affinity.ts";
import { addressOf } from "../nodes.ts";
import type { Target } from "../target.ts";
import { behindOneAddress, hashForgets, losses, namesAtStart, sameSiteWord, span } from "./losses.ts";

/** A hash that keeps its place: the default one moves 3 of 4 clients when a node joins, and half of the bystanders when one dies. */
const KEPT = "hash-type consistent sdbm avalanche";

const balance = ({ key, cookielessHeader }: Affinity): readonly string[] => {
  const header = key.kind === "header" ? key.header : cookielessHeader;
  if (key.kind === "ip") return ["balance source", KEPT];
  // Requests without the header take turns.
  return header === undefined ? ["balance roundrobin"] : [`balance hdr(${header})`, KEPT];
};

const cookie = (affinity: Affinity): readonly string[] => {
  const { key, cookie, duration } = affinity;
  if (key.kind !== "cookie") return [];
  // Browsers take the last of two Path attributes (RFC 6265 section 5.2.4); HAProxy writes path=/ itself.
  const path = cookie.path === "/" ? "" : ` attr "Path=${cookie.path}"`;
  const kept = duration.cookie === "persistent" ? ` attr "Max-Age=${duration.absolute / 1000}"` : "";
  const domain = cookie.domain === undefined ? "" : ` domain ${cookie.domain}`;
  // indirect: the application never sees it. preserve: the application may clear it, which is how a node drains.
  return [`cookie ${cookie.name} insert indirect preserve nocache httponly${cookie.secure ? " secure" : ""} maxidle ${span(duration.idle)} maxlife ${span(duration.absolute)}${domain}${path}${kept} attr "SameSite=${sameSiteWord(affinity)}"`];
};

/** HAProxy honours everything with a cookie: the times are in the cookie and checked on the server's side. */
export const haproxy: Target = {
  proof: "executed",
  versions: ["2.6+"],
  draft: (affinity, { listen }) => {
    const { name, nodes, key, health } = affinity;
    const check = `inter ${span(health.interval)} fall ${health.fall} rise ${health.rise}`;
    return {
      file: "haproxy.cfg",
      lines: [
        "defaults",
        "    mode http",
        "    timeout connect 1s",
        "    timeout client 30s",
        "    timeout server 30s",
        "    timeout http-request 10s",
        `    timeout check ${span(health.timeout)}`,
        "",
        `frontend ${name}_in`,
        `    bind ${listen}`,
        `    default_backend ${name}`,
        "",
        `backend ${name}`,
        "    option forwardfor",
        "    # A request that found its node dead goes to another one at once, before anything was sent.",
        // Without the 1 it asks the dead one again first, a second later.
        "    option redispatch 1",
        "    retries 2",
        // Left to itself it asks by HTTP/1.0 without Host, which many servers answer with 400: every node would be down.
        "    option httpchk",
        `    http-check send meth GET uri ${health.path} ver HTTP/1.1 hdr Host health`,
        "    # 404: the node keeps the clients it has and gets no new ones (drain). 503, in the end: none at all.",
        "    http-check disable-on-404",
        ...[...balance(affinity), ...cookie(affinity)].map((line) => `    ${line}`),
        ...nodes.map((node) => `    server ${node.label} ${addressOf(node)}${key.kind === "cookie" ? ` cookie ${node.label}` : ""} weight ${node.draining ? 0 : node.weight} check ${check}`),
      ],
      losses: losses(
        namesAtStart(affinity),
        hashForgets(affinity),
        behindOneAddress(affinity),
        key.kind !== "cookie" && nodes.some(({ draining }) => draining) && { option: "nodes.draining", text: "a hash leaves a draining node at once, and its clients with it." },
        key.kind === "cookie" && affinity.cookielessHeader !== undefined && nodes.some(({ weight }) => weight !== nodes[0]?.weight) && { option: "nodes.weight", text: "holds for clients with cookies; those without follow the hash, which honours it roughly." },
      ),
    };
  },
};
