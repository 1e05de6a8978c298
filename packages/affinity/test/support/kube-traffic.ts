// Runs in a network of its own (`unshare --net`), as root there: the rules of a Service, nodes and clients. Prints what was found.
import { spawnSync } from "node:child_process";
import { applyRules, forget, SERVICE } from "./kube-proxy.ts";
import { runScenario } from "./scenario.ts";

spawnSync("ip", ["link", "set", "lo", "up"]);
let known: readonly string[] = [];
const found = await runScenario({
  options: { key: "ip" },
  isTold: true,
  drainByConfiguration: true,
  start: async (first) => {
    const apply = async (affinity: typeof first): Promise<void> => {
      applyRules(affinity);
      const now = affinity.nodes.filter(({ draining }) => !draining).map(({ label }) => label);
      known.filter((label) => !now.includes(label)).forEach(forget);
      known = now;
    };
    await apply(first);
    return { url: `http://${SERVICE.address}:${SERVICE.port}`, apply, stop: async () => undefined };
  },
});
process.stdout.write(JSON.stringify(found));
