import type { Affinity } from "../affinity.ts";
import { configError } from "../config-error.ts";
import type { Target } from "../target.ts";
import { behindOneAddress, hashForgets, losses, nameWithoutPrefix, nodesElsewhere, NOTICE_OF_CHECK, prefixLoss, quoted } from "./losses.ts";

/** Two weeks: the longest affinity cookie. */
const LONGEST = 1_209_600_000;

const stickiness = (affinity: Affinity): readonly string[] => {
  const { key, cookie, duration } = affinity;
  const ttl = duration.cookie === "persistent" ? duration.absolute / 1000 : 0;
  switch (key.kind) {
    case "cookie":
      // The stateful kind: others hash, and move clients when the set of backends changes.
      return ["sessionAffinity: STRONG_COOKIE_AFFINITY", "strongSessionAffinityCookie:", `  name: ${quoted(nameWithoutPrefix(affinity))}`, `  path: ${cookie.path}`, "  ttl:", `    seconds: ${ttl}`];
    case "header":
      return ["sessionAffinity: HEADER_FIELD", "localityLbPolicy: RING_HASH", "consistentHash:", `  httpHeaderName: ${quoted(key.header)}`];
    case "ip":
      return ["sessionAffinity: CLIENT_IP"];
  }
};

/** A backend service of an Application Load Balancer, for `gcloud compute backend-services import`. */
export const gcp: Target = {
  proof: "generated",
  versions: ["v1"],
  draft: (affinity) => {
    const { key, name, duration, cookie, health, drain } = affinity;
    if (key.kind === "cookie" && duration.cookie === "persistent" && duration.absolute > LONGEST) throw configError("duration.absolute", "of an affinity cookie of Google Cloud is at most 14 days.");
    return {
      file: "backend-service.yaml",
      lines: [
        `name: ${quoted(name)}`,
        "loadBalancingScheme: EXTERNAL_MANAGED",
        "protocol: HTTP",
        ...stickiness(affinity),
        "connectionDraining:",
        `  drainingTimeoutSec: ${drain.grace / 1000}`,
        "# Add the backends and the health check of your project:",
        "# backends: [{ group: ... }]",
        "# healthChecks: [...]",
      ],
      losses: losses(
        ...nodesElsewhere("instance groups or network endpoint groups are the backends", affinity),
        prefixLoss(affinity, "balancer"),
        key.kind === "cookie" && { option: "cookie.secure", text: "Secure, HttpOnly, SameSite and what stands in the cookie are the balancer's choice: look at what it sets." },
        key.kind === "cookie" && cookie.domain !== undefined && { option: "cookie.domain", text: "has no field: the cookie is for one host, which is the safer choice." },
        key.kind === "cookie" && { option: "duration.idle", text: "nothing counts idle time." },
        key.kind === "cookie" && duration.cookie === "session" && { option: "duration.absolute", text: "nothing limits it: the cookie ends with the browser." },
        affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies go where the balancer likes." },
        hashForgets(affinity),
        behindOneAddress(affinity),
        { option: "health", text: `is a resource of its own: a health check with the path ${health.path}.` },
        { option: "drain", text: `${health.path} with 404 makes the backend unhealthy and moves its clients. Taken out of its group, it has ${drain.grace / 1000} s for requests under way. ${NOTICE_OF_CHECK}` },
      ),
    };
  },
};
