import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { startRedis } from "../../../tools/services/redis.ts";
import { newDatabase, removeDatabases, startProgram } from "./portal-process.ts";

const redis = serviceFor("redis", "a node that is told twice to leave is");

afterAll(removeDatabases);

/** How a process ends: by itself with 0, not by the signal. */
const ITSELF = [0, null];

describe("a portal that is told twice to stop, as process managers and terminals do", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("stops once, by itself: %s", async (signal) => {
    const portal = await startProgram(["--store", "memory"]);
    const { port } = new URL(portal.url);
    const ended = once(portal.child, "exit");
    // Under way until its body has come, so that there is something to close for; 100 says that the portal has it.
    const slow = request({ host: "127.0.0.1", port, method: "POST", path: "/api/cart", headers: { "content-type": "application/json", "content-length": 100, expect: "100-continue", "sec-fetch-site": "same-origin" } });
    slow.on("error", () => undefined).flushHeaders();
    await once(slow, "continue");
    portal.child.kill(signal);
    await until(() => fetch(portal.url).then(() => false, () => true));
    portal.child.kill(signal);
    slow.destroy();
    expect(await ended).toEqual(ITSELF);
  });

  it.skipIf(redis === undefined)("leaves the cluster once, to the end [needs redis]", async () => {
    const store = await startRedis(redis ?? "");
    try {
      const database = newDatabase();
      const file = join(dirname(database), "affinity.json");
      writeFileSync(file, JSON.stringify({ nodes: [{ label: "a", address: "127.0.0.1:8080" }], drain: { notice: 3000, grace: 30_000 } }));
      const portal = await startProgram(["--store", store.url, "--affinity", file, "--node", "a"], database);
      const ended = once(portal.child, "exit");
      const health = (): Promise<number> => fetch(`${portal.url}/healthz`).then(({ status }) => status, () => 0);
      expect(await health()).toBe(200);
      const seen: number[] = [];
      for (const status of [404, 503]) {
        portal.child.kill("SIGTERM");
        await until(async () => {
          seen.push(await health());
          return seen.at(-1) === status || portal.child.exitCode !== null || portal.child.signalCode !== null;
        });
      }
      portal.child.kill("SIGTERM");
      expect(await ended).toEqual(ITSELF);
      expect(seen).toEqual(expect.arrayContaining([404, 503]));
    } finally {
      await store.stop();
    }
  });
});
