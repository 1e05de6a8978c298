import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

/** A parser that breaks on one rare kind of input. */
const parser = (text: string): void => {
  if (text.includes("%") && text.length > 3) throw new Error("broken");
};

async function failureOf(env: Readonly<Record<string, string>>): Promise<string> {
  vi.resetModules();
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { family } = await import("./inputs.ts");
  const each = family("replay");
  const failure = await each(1, fc.string({ maxLength: 20 }), parser).then(() => "none", String);
  vi.unstubAllEnvs();
  return failure;
}

describe("a failing input", () => {
  it("is shrunken, named with its seed, and the same when that seed and path are given again", async () => {
    const failure = await failureOf({ HOLDFAST_FUZZ_INPUTS: "20000" });
    const [, seed = "", path = ""] = /HOLDFAST_FUZZ_SEED=(-?\d+) HOLDFAST_FUZZ_PATH=([\d:]+)/.exec(failure) ?? [];
    const counterexample = (text: string): string | undefined => /Counterexample: (.*)/.exec(text)?.[1];
    expect(counterexample(failure)).toContain("%");
    const again = await failureOf({ HOLDFAST_FUZZ_SEED: seed, HOLDFAST_FUZZ_PATH: path });
    expect(counterexample(again)).toBe(counterexample(failure));
  });
});
