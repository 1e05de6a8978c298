import { type Affinity, affinityConfig } from "@holdfast/affinity";
import { type BalancerKind, reconfigure, startBalancer } from "../../../../tools/services/balancers.ts";
import { type ServiceName, serviceFor } from "../../../../tools/services/programs.ts";
import type { Running } from "./scenario.ts";

export interface Engine {
  readonly kind: BalancerKind;
  readonly service: ServiceName;
  /** For the tables. */
  readonly name: string;
  /** What the configuration is written for. */
  readonly version: string;
}

/** The balancers that run here, in two versions each: this Debian's and a newer one's. */
export const ENGINES: readonly Engine[] = [
  { kind: "haproxy", service: "haproxy", name: "HAProxy 2.6", version: "2.6" },
  { kind: "haproxy", service: "newHaproxy", name: "HAProxy 3.2", version: "3.2" },
  { kind: "nginx", service: "nginx", name: "NGINX 1.22", version: "1.22.1" },
  { kind: "nginx", service: "newNginx", name: "NGINX 1.30", version: "1.30.0" },
  { kind: "caddy", service: "caddy", name: "Caddy 2.6", version: "2.6" },
  { kind: "caddy", service: "newCaddy", name: "Caddy 2.11", version: "2.11" },
];

/** A newer version cannot be had everywhere. */
export const needOf = ({ service }: Engine): string => `[${service.startsWith("new") ? "wants" : "needs"} ${service}]`;

export const programOf = ({ service }: Engine, what: string): string | undefined => serviceFor(service, what);

export const startEngine = async ({ kind, version }: Engine, program: string, affinity: Affinity): Promise<Running> => {
  const write = (described: Affinity) => (listen: string) => affinityConfig(described, kind, { version, listen }).text;
  // What Caddy's cookie is keyed with.
  process.env["HOLDFAST_AFFINITY_SECRET"] ??= "a-secret-of-the-tests-and-of-nothing-else";
  const server = await startBalancer(kind, program, write(affinity));
  return { url: server.url, stop: server.stop, apply: (described) => reconfigure(kind, program, server, write(described)) };
};
