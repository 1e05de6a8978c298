import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../../../store-contract/test/shared/spawn.ts";
import type { Many } from "../support/many.ts";
import { type Place, placesOn } from "../support/place.ts";

const IDS = process.env["HOLDFAST_DRILL"] === "1" ? 300_000 : 20_000;
const MEBIBYTE = 1024 * 1024;

const places = placesOn("redis", "what the near cache keeps is");
const many = fileURLToPath(new URL("../support/many.ts", import.meta.url));
const sources = new URL("../../../store-contract/test/shared/sources.ts", import.meta.url).href;

describe.skipIf(!places.here || missing() !== undefined)("the near cache in front of many sessions [needs redis]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  it(`stays within its bytes with ${IDS} ids, and so does the process; the server keeps no table of them`, { timeout: 600_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--import", sources, many, place.url, place.prefix, String(IDS)]);
    const { most, copies, grown, tracked } = JSON.parse(stdout) as Many;
    console.log(`${IDS} ids through a near cache of 1 MiB: ${(most / MEBIBYTE).toFixed(2)} MiB of copies at most, ${copies} in the end; the heap grew by ${(grown / MEBIBYTE).toFixed(1)} MiB, and the server tracks ${tracked[1]} keys`);
    expect(most).toBeLessThanOrEqual(MEBIBYTE);
    expect(copies).toBeGreaterThan(500);
    expect(grown).toBeLessThan(MEBIBYTE + 8 * MEBIBYTE);
    expect(tracked[1]).toBe(tracked[0]);
  });
});
