import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AffinityNodeOptions, affinityConfig, type AffinityOptions, defineAffinity } from "../../packages/affinity/src/index.ts";
import { freePort } from "../lib/free-port.ts";
import { reconfigure, startBalancer } from "../services/balancers.ts";
import { temporaryFolder } from "../services/folder.ts";
import { type PortalNode, portalNode } from "./portal-node.ts";
import { SENT_TO } from "./visitor.ts";

export const LABELS = ["a", "b", "c"] as const;

export interface ClusterOptions {
  readonly balancer: { readonly kind: "haproxy" | "nginx"; readonly program: string };
  /** What `--store` of the portal takes: a store that the nodes share. */
  readonly store: string;
  /** More options of the portal. */
  readonly args?: readonly string[];
  /** False: the same configuration without its stickiness, so that nodes take turns. Default true. */
  readonly sticky?: boolean;
  /** Default: one that is free. */
  readonly port?: number;
  /** A node that ended is started again after so many ms. Default: whoever ended it does that. */
  readonly back?: number;
  readonly say?: (line: string) => void;
}

export interface Cluster {
  readonly url: string;
  /** The description, for `holdfast affinity --file`. */
  readonly description: string;
  readonly nodes: readonly PortalNode[];
  node(label: string): PortalNode;
  stop(): Promise<void>;
}

/** Checks that are quick for a demonstration and patient on a busy machine, and a time away that fits one. */
const DESCRIBED: Omit<AffinityOptions, "nodes"> = { name: "portal", health: { interval: 1000, timeout: 1000, fall: 3 }, drain: { grace: 10_000 }, duration: { idle: 60_000 } };

/** Three portals, and a balancer in front of them whose configuration `@holdfast/affinity` writes. Nothing outlives this process. */
export async function startCluster({ balancer: { kind, program }, store, args = [], sticky = true, port, back, say = () => undefined }: ClusterOptions): Promise<Cluster> {
  const folder = temporaryFolder("holdfast-cluster-");
  const described: AffinityNodeOptions[] = [];
  for (const label of LABELS) described.push({ label, address: `127.0.0.1:${await freePort()}` });
  const description = join(folder.path, "affinity.json");
  writeFileSync(description, `${JSON.stringify({ ...DESCRIBED, nodes: described }, null, 2)}\n`);

  const version = /(\d+\.\d+(?:\.\d+)?)/.exec(versionOf(program))?.[1] ?? "";
  const leaving = new Set<string>();
  const written = (listen: string): string => {
    const affinity = defineAffinity({ ...DESCRIBED, nodes: described.map((node) => ({ ...node, draining: leaving.has(node.label) && leaving.size < described.length })) });
    const { text } = affinityConfig(affinity, kind, { version, listen });
    return kind === "haproxy" ? tellingWhere(sticky ? text : withoutStickiness(text)) : text;
  };
  let closing = false;
  let balancer: Awaited<ReturnType<typeof startBalancer>> | undefined;
  let changing = Promise.resolve();
  /** HAProxy asks the nodes whether they leave; NGINX has to be told. */
  const tell = (label: string, leaves: boolean): void => {
    if (leaves === leaving.has(label)) return;
    if (leaves) leaving.add(label);
    else leaving.delete(label);
    const running = balancer;
    if (kind === "haproxy" || running === undefined) return;
    changing = changing.then(() => reconfigure(kind, program, running, written)).catch((error: unknown) => void (closing || say(String(error))));
  };
  const nodes = described.map(({ label, address }) => {
    const inner = portalNode({
      label,
      port: Number(address.split(":")[1]),
      args: ["--store", store, "--file", join(folder.path, "portal"), "--affinity", description, "--node", label, "--balancer", kind, ...args],
      onLeaving() {
        say(`${label} leaves: no new clients, and those it has are sent to the others`);
        tell(label, true);
      },
      onEnd(how) {
        if (closing) return;
        say(`${label} is gone (${how})${back === undefined ? "" : `, back in ${back / 1000} s`}`);
        again();
      },
    });
    const start = async (): Promise<void> => {
      await inner.start();
      say(`${label} is up, pid ${inner.pid ?? "unknown"}`);
      tell(label, false);
    };
    /** Until it is up: a start that failed is followed by another one. */
    const again = (): void => {
      if (back === undefined) return;
      setTimeout(() => {
        if (closing) return;
        start().catch((error: unknown) => {
          if (closing) return;
          say(String(error));
          again();
        });
      }, back);
    };
    return Object.defineProperties({} as PortalNode, { ...Object.getOwnPropertyDescriptors(inner), start: { enumerable: true, value: start } });
  });
  const stop = async (): Promise<void> => {
    closing = true;
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    await changing;
    await balancer?.stop();
    folder.remove();
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    const running = (balancer = await startBalancer(kind, program, written, port));
    return {
      url: `http://localhost:${running.port}`,
      description,
      nodes,
      node(label) {
        const found = nodes.find((node) => node.label === label);
        if (found === undefined) throw new Error(`there is no node ${label}`);
        return found;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const versionOf = (program: string): string => {
  const { stdout, stderr } = spawnSync(program, ["-v"], { encoding: "utf8" });
  return `${stdout}${stderr}`;
};

/** HAProxy's configuration as it would be without the cookie: every request goes to the next node. */
const withoutStickiness = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^ {4}(?:cookie|hash-type) /.test(line))
    .map((line) => line.replace(/^ {4}balance .*/, "    balance roundrobin").replace(/^( {4}server .*) cookie \S+/, "$1"))
    .join("\n");

/** HAProxy's configuration, so that each answer names the node that the request was sent to, also where the answer is its own 502. */
const tellingWhere = (text: string): string => text.replace(/^ {4}option forwardfor$/m, `$&\n    http-after-response set-header ${SENT_TO} %s`);
