import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../../../tools/lib/free-port.ts";
// The sources, by their files: this runs in a process of its own, too, which takes packages as they were built last.
import type { Affinity } from "../../src/lib/affinity.ts";
import { type AffinityOptions, defineAffinity } from "../../src/lib/define-affinity.ts";
import type { Verification } from "../../src/lib/verify/findings.ts";
import { verifyAffinity, type VerifyOptions } from "../../src/lib/verify/verify-affinity.ts";
import { createClient, type Sight } from "./client.ts";
import { createFleet, type Fleet } from "./fleet.ts";

/** A balancer that runs; `tell` is for one without eyes of its own: it is told which nodes are there. */
export interface Verified {
  readonly url: string;
  stop(): Promise<void>;
  tell?(nodes: readonly string[]): Promise<void>;
}

export interface StageOptions extends VerifyOptions {
  readonly path?: string;
  /** Milliseconds: how long the balancer gets to notice that a node is back. */
  readonly notice?: number;
}

/** Three nodes that several balancers are tried with, one after the other. */
export interface Stage {
  verify(options: Omit<AffinityOptions, "nodes">, start: (affinity: Affinity) => Promise<Verified>, more?: StageOptions): Promise<Verification>;
  stop(): Promise<void>;
}

const LABELS = ["a", "b", "c"];
const NOTICE = 30_000;
/** Milliseconds between two looks. Each look is a new client: without it, thousands of them drive those of the probe out of a balancer's table (`sticky learn`). */
const PAUSE = 10;
/** As many at once as the probe has. */
const MANY = 16;

/** Addresses far apart. */
export const wide = (client: number): string => `127.${20 + (client % 200)}.${(client * 37) % 251}.${1 + ((client * 101) % 251)}`;
/** Those of `count` networks of 254. NGINX's ip_hash takes the first two of these for two of three nodes, and the third node for the clients of the first when that one is gone. */
export const networks = (count: number) => (client: number): string => `127.20.${4 + (client % count)}.${1 + (Math.floor(client / count) % 254)}`;

export async function createStage(): Promise<Stage> {
  const ports = await neighbouringPorts();
  const nodes = LABELS.map((label, index) => ({ label, address: `127.0.0.1:${ports[index] ?? 0}` }));
  const describe = (options: Omit<AffinityOptions, "nodes">): Affinity => defineAffinity({ health: { interval: 500, timeout: 500, rise: 1 }, ...options, nodes });
  const fleet = createFleet(describe({}));
  await Promise.all(LABELS.map(fleet.start));
  return {
    stop: fleet.stop,
    async verify(options, start, { path = "/", notice = NOTICE, ...more } = {}) {
      const balancer = await start(describe(options));
      try {
        const back = await meetNodes(balancer.url, path, notice);
        const taking = { fleet, tell: balancer.tell ?? (async () => undefined) };
        return await verifyAffinity(`${balancer.url}${path}`, { clients: 45, timeout: NOTICE, addressOf: wide, suspects: nodes.map(({ address }) => address), lose: loseFrom(taking, back), ...more });
      } finally {
        await balancer.stop();
      }
    },
  };
}

function loseFrom({ fleet, tell }: { readonly fleet: Fleet; readonly tell: (nodes: readonly string[]) => Promise<void> }, back: (node: string) => Promise<void>): NonNullable<VerifyOptions["lose"]> {
  return {
    take: async (node) => {
      await fleet.kill(node);
      await tell(LABELS.filter((label) => label !== node));
    },
    giveBack: async (node) => {
      await fleet.start(node);
      await tell(LABELS);
      await back(node);
    },
  };
}

/** Meets every node. Resolves with how to wait until one that was gone is noticed, by new clients and by those that hold its cookies, many at once as the probe asks, or had the time for that. */
async function meetNodes(url: string, path: string, notice: number): Promise<(node: string) => Promise<void>> {
  let strangers = 50_000;
  const ask = (cookie?: string): Promise<Sight | undefined> =>
    createClient(url, (strangers += 1), { headers: { "X-Session-ID": `stranger-${strangers}`, ...(cookie === undefined ? {} : { cookie }) }, cookies: false }).ask({ path }).catch(() => undefined);
  const held = new Map<string, string>();
  const meets = async (node: string, deadline: number): Promise<void> => {
    for (;;) {
      const sight = await ask();
      const seen = sight?.node;
      if (seen !== undefined && !held.has(seen)) held.set(seen, sight?.setCookies.map((line) => line.split(";")[0]).join("; ") ?? "");
      if (seen === node || Date.now() >= deadline) return;
      await pause(PAUSE);
    }
  };
  /** Of those that hold its cookies. */
  const metBy = async (node: string): Promise<number> => (await Promise.all(Array.from({ length: MANY }, () => ask(held.get(node) ?? "")))).filter((sight) => sight?.node === node).length;
  for (const label of LABELS) await meets(label, Date.now() + NOTICE);
  if (held.size < LABELS.length) throw new Error(`only ${[...held.keys()].join(" and ")} answered within ${NOTICE / 1000} s`);
  const before = new Map<string, number>();
  for (const label of LABELS) before.set(label, await metBy(label));
  return async (node) => {
    const deadline = Date.now() + notice;
    await meets(node, deadline);
    const met = before.get(node) ?? 0;
    // All of them where a cookie decides, some where it is no matter, none where it leads elsewhere (a hash of the cookie).
    const enough = met === MANY ? MANY : Math.min(met, 1);
    while ((await metBy(node)) < enough && Date.now() < deadline) await pause(PAUSE);
  };
}

/** Three free ones that differ in their last digit alone, as addresses of nodes often do: weak hashes show with those (FNV-1a the more, the less the first ends with 6 or 7). */
async function neighbouringPorts(): Promise<readonly number[]> {
  for (let ports: readonly number[] = []; ; ports = [...ports, await freePort()].slice(-3)) {
    const [first = 0, , last = 0] = ports;
    if (last === first + 2 && first % 10 <= 5) return ports;
  }
}
