import { existsSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { Browserlike, type View } from "./browserlike.ts";
import { newDatabase, removeDatabases, runToEnd, startProgram } from "./portal-process.ts";

afterAll(removeDatabases);

/** Everything that a sealed session can do without a store. */
async function shops(url: string): Promise<Browserlike> {
  const client = new Browserlike(url);
  expect((await client.send("POST", "/api/cart", { item: "manila-line" })).status).toBe(200);
  const signedIn = await client.signIn();
  expect(signedIn).toMatchObject({ cart: ["manila-line"] });
  expect(await client.json("POST", "/api/cart", { item: "anchor" })).toEqual({ items: ["manila-line", "anchor"] });
  expect(await client.json("GET", "/session")).toMatchObject({ state: "active", id: signedIn.id, data: { cartCount: 2 } });
  expect((await client.send("GET", "/api/admin")).status).toBe(403);
  expect((await client.send("POST", "/api/elevate", { password: "correct-horse" })).status).toBe(200);
  expect((await client.send("GET", "/api/admin")).status).toBe(200);
  const page = await (await client.send("GET", "/account")).text();
  expect(page).toContain("sealed cookies");
  expect(page).toContain("&quot;listable&quot;:false");
  expect((await client.send("GET", "/session/devices")).status).toBe(501);
  return client;
}

describe("the portal with --sealed", () => {
  it("has no database, keeps sessions over a restart by its keys, and says what a sign-out does not do", async () => {
    const first = await startProgram(["--sealed"]);
    const client = await shops(first.url);
    expect(first.output.join("\n")).toMatch(/a copy of it lives until its deadline/);
    await first.stop();
    expect([existsSync(first.file), existsSync(`${first.file}.keys.json`)]).toEqual([false, true]);
    const second = await startProgram(["--sealed"], first.file);
    try {
      const again = new Browserlike(second.url);
      for (const [name, value] of client.jar) again.jar.set(name, value);
      const copy = again.cookie;
      expect(await again.json("GET", "/api/cart")).toEqual({ items: ["manila-line", "anchor"] });
      expect((await again.send("POST", "/session/logout", { scope: "this" })).status).toBe(204);
      expect(again.cookie).toBe("");
      expect(await again.json<View>("GET", "/session", undefined, copy)).toMatchObject({ state: "active" });
      expect((await again.send("POST", "/session/logout", { scope: "all" }, copy)).status).toBe(501);
    } finally {
      await second.stop();
    }
  });

  it("refuses what would not fit into the cookies, and loses nothing by it", async () => {
    const portal = await startProgram(["--sealed"]);
    try {
      const client = new Browserlike(portal.url);
      await client.signIn();
      const statuses: number[] = [];
      for (let i = 0; i < 20; i++) statuses.push((await client.send("POST", "/api/prefs", { key: `key-${i}`, value: "x".repeat(200) })).status);
      for (let i = 0; i < 50 && statuses.at(-1) === 200; i++) statuses.push((await client.send("POST", "/api/cart", { item: "y".repeat(80) })).status);
      expect(statuses.at(-1)).toBe(413);
      // The session, in two cookies, and the hint.
      expect(client.jar.size).toBe(3);
      const kept = await client.json<Record<string, string>>("GET", "/api/prefs");
      expect(Object.keys(kept)).toHaveLength(20);
    } finally {
      await portal.stop();
    }
  });

  for (const store of ["memory", "sqlite"]) {
    it(`with --store ${store} a sign-out ends every copy, here and everywhere`, async () => {
      const portal = await startProgram(["--sealed", "--store", store]);
      try {
        const client = await shops(portal.url);
        const copy = client.cookie;
        const [there, grace] = [new Browserlike(portal.url), new Browserlike(portal.url)];
        await there.signIn();
        await grace.signIn("grace");
        expect((await client.send("POST", "/session/logout", { scope: "this" })).status).toBe(204);
        expect(await client.json<View>("GET", "/session", undefined, copy)).toEqual({ state: "none", ended: "logout" });
        expect(await there.json<View>("GET", "/session")).toMatchObject({ state: "active" });
        const again = new Browserlike(portal.url);
        await again.signIn();
        expect((await again.send("POST", "/session/logout", { scope: "all" })).status).toBe(204);
        expect([(await there.json<View>("GET", "/session")).state, (await grace.json<View>("GET", "/session")).state]).toEqual(["none", "active"]);
      } finally {
        await portal.stop();
      }
    });
  }

  it("refuses a store that forgets, and a value", async () => {
    expect(await runToEnd(["--sealed", "--store", "memcached://127.0.0.1", "--file", newDatabase()])).toMatchObject({ code: 2, output: expect.stringContaining("forgets nothing") as string });
    expect((await runToEnd(["--sealed=yes"])).code).toBe(2);
  });
});
