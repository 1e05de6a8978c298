import { configError } from "../config-error.ts";
import type { Affinity } from "../affinity.ts";
import type { Target } from "../target.ts";
import { atLeast } from "../version.ts";
import { losses, nameWithoutPrefix, nodesElsewhere, NOTICE_OF_CHECK, parts, prefixLoss, quoted } from "./losses.ts";

/** The release whose experimental channel has another shape than that of 1.6. */
const MAIN = "main";

const persistence = (affinity: Affinity, version: string): readonly string[] => {
  const { key, cookie, duration } = affinity;
  const name = nameWithoutPrefix(affinity);
  const header = key.kind === "header" ? key.header : undefined;
  const type = header === undefined ? "Cookie" : "Header";
  const lifetime = duration.cookie === "persistent" ? "Permanent" : "Session";
  const times = [`  absoluteTimeout: ${parts(duration.absolute)}`];
  if (version === MAIN) {
    return ["sessionPersistence:", `  type: ${type}`, ...times, ...(header === undefined ? ["  cookie:", `    name: ${quoted(name)}`, `    path: ${cookie.path}`, `    lifetimeType: ${lifetime}`] : ["  header:", `    name: ${quoted(header)}`])];
  }
  return [
    "sessionPersistence:",
    `  sessionName: ${quoted(header ?? name)}`,
    `  type: ${type}`,
    ...times,
    ...(atLeast(version, "1.6") ? [] : [`  idleTimeout: ${parts(duration.idle)}`]),
    ...(header === undefined ? ["  cookieConfig:", `    lifetimeType: ${lifetime}`] : []),
  ];
};

/** An HTTPRoute with sessionPersistence (GEP-1619), which is in the experimental channel alone and changes with the releases. */
export const gatewayApi: Target = {
  proof: "generated",
  versions: ["1.6", "1.5", "1.4", "1.3", "1.2", "1.1", MAIN],
  draft: (affinity, { version }) => {
    const { key, name, cookie, nodes, duration } = affinity;
    if (key.kind === "ip") throw configError("key", "sessionPersistence of the Gateway API goes by a cookie or a header. For the client's address take the target kubernetes.");
    const idle = version !== MAIN && !atLeast(version, "1.6");
    return {
      file: "httproute.yaml",
      lines: [
        "# sessionPersistence needs the CRDs of the experimental channel and a gateway that implements it; others ignore it.",
        "apiVersion: gateway.networking.k8s.io/v1",
        "kind: HTTPRoute",
        "metadata:",
        `  name: ${quoted(name)}`,
        "spec:",
        "  parentRefs:",
        `    - name: ${quoted(name)}`,
        "  rules:",
        "    - backendRefs:",
        `        - name: ${quoted(name)}`,
        "          port: 80",
        ...persistence(affinity, version).map((line) => `      ${line}`),
      ],
      losses: losses(
        ...nodesElsewhere("the Service names the pods", affinity),
        !idle && { option: "duration.idle", text: "no longer has a field: only the absolute time is kept." },
        key.kind === "cookie" && version !== MAIN && cookie.path !== "/" && { option: "cookie.path", text: "is the gateway's choice in this version." },
        key.kind === "cookie" && cookie.domain !== undefined && { option: "cookie.domain", text: "has no field: the cookie is for one host, which is the safer choice." },
        prefixLoss(affinity, "gateway"),
        key.kind === "cookie" && { option: "cookie.secure", text: "Secure, HttpOnly, SameSite and what stands in the cookie are the gateway's choice: look at what it sets." },
        affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies go where the gateway likes." },
        duration.cookie === "persistent" && { option: "duration.cookie", text: "Permanent is an extended feature: a gateway may not have it." },
        nodes.length === 1 && { option: "nodes", text: "with one there is nothing to choose." },
        { option: "health", text: `belongs to the pods: give them a readinessProbe on ${affinity.health.path}.` },
        { option: "drain", text: `what becomes of the clients of a pod that is not ready is the gateway's choice. ${NOTICE_OF_CHECK}` },
      ),
    };
  },
};
