// Runs in a network of its own (`unshare --net`), as root there: the probe on the rules of a Service. Prints what it says.
import { spawnSync } from "node:child_process";
import type { Affinity } from "@holdfast/affinity";
import { applyRules, forget, SERVICE } from "./kube-proxy.ts";
import { createStage } from "./verified.ts";

spawnSync("ip", ["link", "set", "lo", "up"]);
const stage = await createStage();
try {
  let known: readonly string[] = [];
  const found = await stage.verify({ key: "ip" }, async (affinity) => {
    const tell = async (labels: readonly string[]): Promise<void> => {
      const there: Affinity = { ...affinity, nodes: affinity.nodes.filter(({ label }) => labels.includes(label)) };
      applyRules(there);
      // An endpoint that is gone takes its clients with it.
      known.filter((label) => !labels.includes(label)).forEach(forget);
      known = labels;
    };
    await tell(affinity.nodes.map(({ label }) => label));
    return { url: `http://${SERVICE.address}:${SERVICE.port}`, tell, stop: async () => undefined };
  }, { clients: 90 });
  process.stdout.write(JSON.stringify(found));
} finally {
  await stage.stop();
}
