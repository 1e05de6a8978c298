import { afterEach, expect, it } from "vitest";
import { portalNode } from "../cluster/portal-node.ts";

const { execPath } = process;
afterEach(() => void (process.execPath = execPath));

it("a node whose program is gone, as while packages are installed anew, is told of, and who stops the cluster does not wait for it", async () => {
  const node = portalNode({ label: "a", port: 1, args: [], onLeaving: () => undefined, onEnd: () => undefined });
  process.execPath = "/nowhere/node";
  await expect(node.start()).rejects.toThrow(/node a did not start .*ENOENT/);
  expect(node.pid).toBeUndefined();
  await node.end("SIGKILL");
});
