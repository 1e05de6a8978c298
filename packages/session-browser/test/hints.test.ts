import { describe, expect, it } from "vitest";
import { World } from "./tabs.ts";

type Environment = NonNullable<NonNullable<Parameters<World["tab"]>[0]>["environment"]>;

const silentChannel: Environment = { channel: () => ({ post: () => undefined, close: () => undefined }) };

/** Storage that both tabs see and that tells neither. */
const silentStorage = (): Environment => {
  const items = new Map<string, string>();
  return { storage: { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value), removeItem: (key) => void items.delete(key) } };
};

describe("a sign-out reaches the other tab", () => {
  it.each([
    ["storage events", silentChannel],
    ["the channel", silentStorage()],
  ])("[D13] by %s alone", async (_hint, environment) => {
    const world = new World();
    world.server.signIn();
    const [a, b] = [await world.tab({ environment }), await world.tab({ environment })];
    expect([a.status, b.status]).toEqual(["active", "active"]);
    await a.client.logout();
    expect([a.status, b.status]).toEqual(["none", "none"]);
  });
});
