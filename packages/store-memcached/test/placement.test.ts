import { testPartition } from "@holdfast/store-contract";
import { describe, expect, it } from "vitest";
import { lifetime } from "../src/lib/shelf.ts";
import { placement } from "../src/lib/placement.ts";

const nodesOf = (...names: readonly string[]) => names.map((name) => ({ name, send: async () => [] }));
const NAMES = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"] as const;
const partitions = Array.from({ length: 3000 }, () => testPartition());

describe("placement", () => {
  it("is the same whatever the order of the list, and gives each node its share", () => {
    const [one, other] = [placement(nodesOf(...NAMES)), placement(nodesOf(...NAMES.toReversed()))];
    const counts = new Map<string, number>();
    for (const partition of partitions) {
      const { name } = one(partition);
      expect(other(partition).name).toBe(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const name of NAMES) expect(counts.get(name)).toBeGreaterThan(partitions.length / NAMES.length / 1.25);
  });

  it("moves to a new node what lies there, and nothing else", () => {
    const [two, three] = [placement(nodesOf(NAMES[0], NAMES[1])), placement(nodesOf(...NAMES))];
    for (const partition of partitions) {
      const { name } = three(partition);
      if (name !== NAMES[2]) expect(two(partition).name).toBe(name);
    }
  });
});

describe("the time to live that the server is told", () => {
  const now = Date.UTC(2026, 0, 1);
  const days = (count: number): number => count * 86_400_000;

  it("is relative up to 30 days, with a second more because the server rounds, and a date beyond", () => {
    expect(lifetime(now + 1, now)).toBe(2);
    expect(lifetime(now + 60_000, now)).toBe(61);
    expect(lifetime(now + days(30) - 1000, now)).toBe(2_592_000);
    expect(lifetime(now + days(30), now)).toBe((now + days(30)) / 1000 + 1);
    expect(lifetime(now + days(400), now)).toBe((now + days(400)) / 1000 + 1);
  });

  it("is never 0, which means for ever, nor beyond what 32 bits hold", () => {
    expect(lifetime(now - days(1), now)).toBe(1);
    expect(lifetime(now + days(20_000), now)).toBe(2 ** 31 - 1);
  });
});
