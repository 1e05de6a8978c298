import { type Affinity, type AffinityOptions, defineAffinity } from "@holdfast/affinity";
import { type Verification, verifyAffinity } from "@holdfast/affinity/verify";
import { freePort } from "../../../../tools/lib/free-port.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { createFleet } from "./fleet.ts";
import { createClient } from "./client.ts";

const addressOf = (client: number): string => `127.${20 + (client % 200)}.${(client * 37) % 251}.${1 + ((client * 101) % 251)}`;

/** The probe on a balancer before three nodes, one of which it may take away. */
export async function verifyBalancer({ options, start }: { readonly options: Omit<AffinityOptions, "nodes">; start(affinity: Affinity): Promise<Server> }): Promise<Verification> {
  const nodes: AffinityOptions["nodes"] = await Promise.all(["a", "b", "c"].map(async (label) => ({ label, address: `127.0.0.1:${await freePort()}` })));
  const affinity = defineAffinity({ health: { interval: 500, timeout: 500 }, ...options, nodes });
  const fleet = createFleet(affinity);
  let balancer: Server | undefined;
  try {
    for (const { label } of nodes) await fleet.start(label);
    const server = (balancer = await start(affinity));
    let strangers = 50_000;
    const used = async (node: string): Promise<void> => {
      for (let seen; seen !== node; ) seen = (await createClient(server.url, (strangers += 1), { headers: { "X-Session-ID": `stranger-${strangers}` } }).ask().catch(() => undefined))?.node;
    };
    await Promise.all(nodes.map(({ label }) => used(label)));
    return await verifyAffinity(server.url, {
      addressOf,
      suspects: nodes.map(({ address }) => address),
      lose: {
        take: fleet.kill,
        giveBack: async (node) => {
          await fleet.start(node);
          await used(node);
        },
      },
    });
  } finally {
    await balancer?.stop();
    await fleet.stop();
  }
}
