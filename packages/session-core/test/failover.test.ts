import { afterEach, describe, expect, it, vi } from "vitest";
import { createMemoryStore } from "../src/memory.ts";
import { type Data, request, signedIn, testClock, world } from "./support.ts";

const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });

afterEach(() => void vi.restoreAllMocks());

describe("a store that falls back to an older copy", () => {
  it("lets nobody write over what was acknowledged since: the row's revision is not the one that was read before (decision 006)", async () => {
    // Revisions go on by steps of chance. Two alike, which come once in 65,536 runs, would say nothing.
    let steps = 0;
    vi.spyOn(Math, "random").mockImplementation(() => ((steps += 1) % 64) / 64);
    const clock = testClock();
    const inner = createMemoryStore({ clock });
    const { sessions } = world({ store: inner, clock });
    const jar = await signedIn(sessions);
    const { id } = (await request(sessions, jar)).state as { id: Parameters<typeof inner.read>[0] };
    const older = await inner.read(id);
    if (!older) return expect.unreachable();
    await request(sessions, jar, (s) => s.update(add("lost with the copy")));
    const slow = await sessions.open(jar.headers());
    slow.update(add("slow"));
    // The copy takes over without the last write, and somebody writes there.
    await inner.delete(id);
    await inner.create(older, { began: clock.now() });
    await request(sessions, jar, (s) => s.update(add("acknowledged")));
    await slow.commit();
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["acknowledged", "slow"] } });
  });
});
