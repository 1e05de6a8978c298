import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/lib/commands.ts";
import { formatDuration, parseDuration } from "../src/lib/duration.ts";
import { shell } from "./support.ts";

describe("holdfast", () => {
  it("helps with everything: the program, each command and each of theirs", async () => {
    const { holdfast } = shell();
    const help = await holdfast("--help");
    expect(help.code).toBe(0);
    for (const [name, { about }] of Object.entries(COMMANDS)) expect(help.out).toMatch(new RegExp(`${name} .*${about.slice(0, 10)}`));
    expect((await holdfast("keys --help")).out).toMatch(/new .*list .*rotate /s);
    for (const verb of ["new", "list", "rotate"]) expect(await holdfast(`keys ${verb} --help`)).toMatchObject({ code: 0, err: "", out: expect.stringContaining("--json") as string });
    expect(await holdfast("help keys")).toMatchObject({ code: 0, out: expect.stringContaining("rotate") as string });
  });

  it("refuses what it does not know, and does nothing", async () => {
    const { holdfast } = shell();
    for (const line of ["", "keyz", "keys", "keys rotatee keys.json", "keys list", "keys list a.json b.json", "keys new keys.json --forse", "keys new keys.json --kind cookies", "keys list keys.json --longest 8", "keys list keys.json --lifetime 0s"]) {
      const { code, out, err } = await holdfast(line);
      expect([code, out], line).toEqual([2, ""]);
      expect(err, line).not.toBe("");
    }
  });

  it("reads and writes durations", () => {
    expect(["90s", "15m", "8h", "30d"].map(parseDuration)).toEqual([90_000, 900_000, 28_800_000, 2_592_000_000]);
    for (const wrong of ["", "8", "h", "1.5h", "-1h", "0h", "8 h", "1w", "9999999999d"]) expect(() => parseDuration(wrong), wrong).toThrow("like 30m");
    expect([0, 999, 1000, 61_000, 3_600_000, 90_061_000, -5].map(formatDuration)).toEqual(["0s", "0s", "1s", "1m 1s", "1h", "1d 1h", "0s"]);
  });
});
