import { readFileSync } from "node:fs";
import { type Affinity, defineAffinity } from "@holdfast/affinity";
import { createDrain } from "@holdfast/affinity/drain";
import { createMonitor } from "@holdfast/affinity/monitor";
import type { NearCache } from "@holdfast/session-core/near-cache";
import type { Board } from "./board.ts";
import type { ClusterReport, NodeStatus } from "./report.ts";

/** As the command line says it. */
export interface ClusterPlace {
  /** A description for `defineAffinity`, as JSON: the one that the balancer's configuration was made from. */
  readonly file: string;
  /** The label of this node. */
  readonly node: string;
  /** HAProxy keeps its cookie to itself, so that the monitor goes by how long a session was away. */
  readonly balancer: "haproxy" | "nginx";
  /** It has the page about the nodes, which shows pids and counts to anybody: not in production. */
  readonly page: boolean;
}

/** What makes a portal one of several. */
export interface ClusterNode {
  /** Answers the health check, counts, and names the node in every answer. */
  handle(request: Request, next: () => Response | Promise<Response>): Promise<Response>;
  /** A request of this session was answered. */
  observe(session: string, request: Request): void;
  report(): Promise<ClusterReport>;
  /** As long as it takes to leave without anybody noticing. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

const WINDOW = 15_000;
const TELL_EVERY = 1000;
/** Who was silent for longer is gone. */
const SILENCE = 3 * TELL_EVERY;

/** @throws HoldfastError `config` for a wrong description or a label that is not in it */
export function createClusterNode({ file, node, balancer }: ClusterPlace, board: Board, near: NearCache | undefined): ClusterNode {
  const affinity: Affinity = defineAffinity(JSON.parse(readFileSync(file, "utf8")) as Parameters<typeof defineAffinity>[0]);
  const drain = createDrain(affinity);
  const monitor = createMonitor(affinity, { node, exchange: board, window: WINDOW });
  const since = Date.now();
  let requests = 0;

  const status = (state: NodeStatus["state"]): NodeStatus => {
    const window = monitor.counts;
    return {
      label: node,
      state,
      pid: process.pid,
      at: Date.now(),
      since,
      requests,
      ...(near === undefined ? {} : { near: { ...near.stats() } }),
      ...(window === undefined ? {} : { window: { sessions: window.sessions, requests: window.requests, assigned: window.assigned } }),
    };
  };
  const tell = async (state: NodeStatus["state"]): Promise<void> => {
    await Promise.all([board.tell(status(state)), monitor.tick()]).catch((error: unknown) => console.error("The nodes:", (error as Error).message));
  };
  const telling = setInterval(() => void tell(drain.draining ? "leaving" : "up"), TELL_EVERY);
  telling.unref();
  void tell("up");

  return {
    handle: (request, next) =>
      drain.handle(request, async () => {
        requests += 1;
        const response = await next();
        response.headers.set("x-node", node);
        return response;
      }),
    observe(session, { headers }) {
      const [, label = null] = new RegExp(`(?:^|;\\s*)${affinity.cookie.name}=([^;|]*)`).exec(headers.get("cookie") ?? "") ?? [];
      monitor.observe({ session, label: balancer === "haproxy" ? undefined : label });
    },
    async report() {
      const now = Date.now();
      const known = await board.all();
      const { verdict } = monitor;
      return {
        node,
        balancer,
        nodes: affinity.nodes.map(({ label }) => {
          const found = known.find((other) => other.label === label);
          const ago = found === undefined ? 0 : now - found.at;
          return { label, status: found === undefined ? null : { ...found, state: ago > SILENCE ? "gone" : found.state }, ago };
        }),
        window: WINDOW,
        spread: verdict === undefined ? null : { state: verdict.state, chance: verdict.chance ?? null },
      };
    },
    async leave() {
      void tell("leaving");
      await drain.drain();
    },
    async stop() {
      clearInterval(telling);
      await tell("gone");
    },
  };
}
