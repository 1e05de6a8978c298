import { configError } from "../config-error.ts";
import type { Target } from "../target.ts";
import { losses, nodesElsewhere, NOTICE_OF_CHECK, quoted } from "./losses.ts";

/** The longest that the API server accepts (core/v1 ClientIPConfig). */
const LONGEST = 86_400_000;

/** A Service: affinity is by address alone. The port is that of the first node, and has to be the same on all. */
export const kubernetes: Target = {
  // Our tests run rules of kube-proxy's shape, and no cluster.
  proof: "generated",
  versions: ["1.20+"],
  draft: (affinity) => {
    const { key, name, nodes, duration, health } = affinity;
    if (key.kind !== "ip") throw configError("key", `a Kubernetes Service goes by the client's address alone. Say key: "ip" and accept that, or put a balancer in front (haproxy, nginx, caddy, gateway-api) that knows ${key.kind === "cookie" ? "cookies" : "headers"}.`);
    if (duration.idle > LONGEST) throw configError("duration.idle", "of a Kubernetes Service is at most one day (86400 s).");
    const ports = new Set(nodes.map(({ port }) => port));
    const [port] = ports;
    if (ports.size > 1) throw configError("nodes", "of a Kubernetes Service all listen on one port.");
    return {
      file: "service.yaml",
      lines: [
        "apiVersion: v1",
        "kind: Service",
        "metadata:",
        `  name: ${quoted(name)}`,
        "spec:",
        "  selector:",
        `    app.kubernetes.io/name: ${quoted(name)}`,
        "  ports:",
        "    - name: http",
        "      port: 80",
        `      targetPort: ${port}`,
        "  sessionAffinity: ClientIP",
        "  sessionAffinityConfig:",
        "    clientIP:",
        `      timeoutSeconds: ${duration.idle / 1000}`,
      ],
      losses: losses(
        ...nodesElsewhere("the selector finds the pods", affinity),
        { option: "duration.idle", text: "counts from the last new connection, not from the last request." },
        { option: "duration.absolute", text: "nothing limits it." },
        { option: "key", text: "all clients behind one address are on one pod; behind an ingress or a balancer that address may be the same for everybody (externalTrafficPolicy: Local keeps it)." },
        { option: "health", text: `belongs to the pods: give them a readinessProbe on ${health.path} (periodSeconds ${Math.max(1, Math.round(health.interval / 1000))}, timeoutSeconds ${Math.max(1, Math.round(health.timeout / 1000))}, failureThreshold ${health.fall}, successThreshold ${health.rise}).` },
        { option: "drain", text: `a pod that is not ready loses its clients with their next connection. ${NOTICE_OF_CHECK}` },
      ),
    };
  },
};
