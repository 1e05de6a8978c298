import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { missing } from "../../../store-contract/test/shared/spawn.ts";
import { CLIENTS } from "../support/clients.ts";
import { addressOf } from "../support/engine.ts";
import { type Place, placesOn } from "../support/place.ts";
import type { Said } from "../support/reader.ts";

// A process that stands still (a debugger, a frozen container, a machine that was suspended) hears of nothing, and goes on where it stopped.
const PAUSES = process.env["HOLDFAST_DRILL"] === "1" ? 20 : 2;
const LEASE = 1000;

const places = placesOn("redis", "a process that stands still is");
const reader = fileURLToPath(new URL("../support/reader.ts", import.meta.url));
const sources = new URL("../../../store-contract/test/shared/sources.ts", import.meta.url).href;
const shared = (): number => Number(process.hrtime.bigint()) / 1e6;

describe.skipIf(!places.here || missing() !== undefined)("a process that stands still across a revocation [needs redis]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  it.each(["node-redis 6", "ioredis 6"] as const)(`[D10] told by %s: lets nobody in from memory when it goes on, ${PAUSES} times`, { timeout: 120_000 }, async (name) => {
    const { client, close } = await CLIENTS["node-redis 6"](place.url);
    const far = createRedisStore(client, { prefix: place.prefix });
    const child = fork(reader, [JSON.stringify({ ...(JSON.parse(addressOf(name, place)) as object), lease: LEASE })], { execArgv: ["--import", sources] });
    const hears = async (): Promise<Said> => ((await once(child, "message")) as [Said])[0];
    try {
      expect(await hears()).toEqual({ word: "ready" });
      const after: number[] = [];
      for (let i = 0; i < PAUSES; i++) {
        const row = testRow({ body: "live" });
        await far.create(row, { began: row.createdAt });
        const hot = hears();
        child.send({ id: row.id });
        expect(await hot).toEqual({ word: "hot" });
        const refused = hears();
        child.kill("SIGSTOP");
        await far.end(row.id, testTombstone());
        const ended = shared();
        await until(() => shared() > ended + 1.5 * LEASE);
        child.kill("SIGCONT");
        const said = await refused;
        after.push(said.word === "refused" ? said.letIn - ended : Number.NaN);
      }
      console.log(`${name}: ${PAUSES} pauses of ${1.5 * LEASE} ms, ${after.filter((ms) => ms > 0).length} let in from memory after it`);
      for (const ms of after) expect(ms).toBeLessThanOrEqual(0);
    } finally {
      child.kill("SIGCONT");
      child.kill("SIGKILL");
      await close();
    }
  });
});
