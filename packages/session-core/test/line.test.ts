import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLine } from "../src/lib/line.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const forever = (): Promise<never> => new Promise<never>(() => undefined);

it("works of one key come one after the other, whatever becomes of them; those of another key wait for none of them", async () => {
  const line = createLine(3000);
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} ends`);
    if (name === "b") throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([line("x", work("a")), line("x", work("b")), line("x", work("c")), line("y", work("d"))]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(seen.filter((step) => !step.startsWith("d"))).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(vi.getTimerCount()).toBe(0);
});

// On Workers the promises of a request whose client goes away never settle, and no `finally` runs.
it("[K07] a work that never ends holds up the others of its key for the time they have, and later ones not at all", async () => {
  const line = createLine(3000);
  void line("x", forever);
  const second = line("x", async () => "second");
  await vi.advanceTimersByTimeAsync(2999);
  expect(await Promise.race([second, "waits"])).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect(await second).toBe("second");
  expect(await line("x", async () => "third")).toBe("third");
});
