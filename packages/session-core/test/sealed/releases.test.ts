import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/memory.ts";
import { Jar, request, testClock } from "../support.ts";
import { sealedWorld, sealOf } from "./support.ts";

describe("servers of two releases", () => {
  it("[G10] what a later release put into a seal goes on through an update, an elevation and a lowering of an earlier one, and not into another session", async () => {
    const clock = testClock();
    const { sessions } = sealedWorld({ clock, sealed: { revocations: { store: createMemoryStore({ clock }) } } });
    const seal = sealOf({ now: clock.now });
    const inside = async (jar: Jar): Promise<Record<string, unknown>> => {
      const [[name, value] = ["", ""]] = jar.cookies;
      const opened = await seal.unseal(value, name);
      return opened.kind === "open" ? (JSON.parse(opened.text) as Record<string, unknown>) : {};
    };
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start("ada", {}, { device: "phone" }));
    const [name = ""] = jar.cookies.keys();
    jar.cookies.set(name, await seal.seal(JSON.stringify({ ...(await inside(jar)), zz: { later: [1] }, lo: -1 }), name));
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    expect(await inside(jar)).toMatchObject({ zz: { later: [1] }, lo: -1, dl: "phone", d: { cart: ["rope"] } });
    await request(sessions, jar, (s) => s.elevate({ acr: "admin" }));
    await request(sessions, jar, (s) => s.elevate({ acr: "user", lower: true }));
    expect(await inside(jar)).toMatchObject({ zz: { later: [1] }, lo: 0, ac: "user" });
    await request(sessions, jar, (s) => s.start("ada"));
    const after = await inside(jar);
    expect([Object.hasOwn(after, "zz"), Object.hasOwn(after, "dl"), Object.hasOwn(after, "lo")]).toEqual([false, false, false]);
  });
});
