import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runtimeFor } from "../../../tools/lib/runtimes.ts";
import { Browserlike, type View } from "./browserlike.ts";
import { type Command, newDatabase, removeDatabases, runToEnd, startProgram } from "./portal-process.ts";

afterAll(removeDatabases);

const bin = (name: string): string => fileURLToPath(new URL(`../bin/${name}.mjs`, import.meta.url));
const scripts = (JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { scripts: Record<string, string> }).scripts;

interface Place {
  readonly name: string;
  readonly script: string;
  readonly store: string;
  command(): Command | undefined;
}

/** As the script of package.json starts it, with the program itself. */
function commandOf(script: string, program: string | undefined): Command | undefined {
  const [, ...args] = (scripts[script]?.split("&& ")[1] ?? "").split(" ");
  return program === undefined ? undefined : [program, ...args.map((arg) => (arg.endsWith(".mjs") ? bin(/([\w-]+)\.mjs$/.exec(arg)?.[1] ?? "") : arg))];
}

const PLACES: readonly Place[] = [
  { name: "Deno", script: "demo:deno", store: "SQLite", command: () => commandOf("demo:deno", runtimeFor("Deno", "the portal is")) },
  { name: "Bun", script: "demo:bun", store: "SQLite", command: () => commandOf("demo:bun", runtimeFor("Bun", "the portal is")) },
  { name: "Workers", script: "demo:workers", store: "Durable Objects", command: () => commandOf("demo:workers", process.execPath) },
];

for (const { name, script, store, command: find } of PLACES) {
  const command = find();
  describe.skipIf(command === undefined)(`the portal on ${name} [needs ${name}]`, () => {
    const start = (file?: string) => startProgram([], file, command);

    it(`is what ${script} starts: a cart comes along at the sign-in, is written by 20 at once, read again, and over with the sign-out`, async () => {
      const portal = await start();
      try {
        const client = new Browserlike(portal.url);
        const page = await (await client.send("GET", "/")).text();
        expect(client.cookie, "a visitor gets no cookie").toBe("");
        const [script = ""] = /\/assets\/[^"]+\.js/.exec(page) ?? [];
        const asset = await client.send("GET", script);
        expect([asset.status, asset.headers.get("cache-control"), asset.headers.get("x-content-type-options")]).toEqual([200, "public, max-age=31536000, immutable", "nosniff"]);
        expect((await client.send("GET", "/size-chart")).headers.get("x-frame-options")).toBe("SAMEORIGIN");

        expect((await client.send("POST", "/api/cart", { item: "manila-line" })).status).toBe(200);
        const guest = client.cookie;
        expect(await client.signIn()).toMatchObject({ cart: ["manila-line"] });
        expect(await client.json("GET", "/session", undefined, guest)).toMatchObject({ code: "superseded" });
        await Promise.all(Array.from({ length: 20 }, (_, i) => client.send("POST", "/api/cart", { item: `thing-${i}` })));
        // A reload: the page has the view in it, and the API the cart.
        const reloaded = await (await client.send("GET", "/account")).text();
        expect(reloaded).toContain("&quot;subject&quot;:&quot;ada&quot;");
        expect(reloaded).toContain(store);
        expect((await client.json<{ items: string[] }>("GET", "/api/cart")).items).toHaveLength(21);

        expect((await client.sendOnly("POST", "/api/cart", { item: "x" }, client.cookie)).status).toBe(200);
        const foreign = await fetch(`${portal.url}/api/cart`, { method: "POST", headers: { cookie: client.cookie, origin: "https://evil.test", "content-type": "application/json" }, body: '{"item":"x"}' });
        expect(foreign.status).toBe(403);

        const copy = client.cookie;
        expect((await client.send("POST", "/session/logout", { scope: "this" })).status).toBe(204);
        expect(client.cookie).toBe("");
        expect(await client.json<View>("GET", "/session", undefined, copy)).toEqual({ state: "none", ended: "logout" });
      } finally {
        await portal.stop();
      }
      expect([portal.child.exitCode, portal.child.signalCode], portal.output.join("\n")).toEqual([0, null]);
    });

    it("keeps its sessions over a restart, and lists and ends them", async () => {
      const first = await start();
      const client = new Browserlike(first.url);
      const { id } = await client.signIn();
      await first.stop();
      const second = await start(first.file);
      try {
        expect(existsSync(`${first.file}.keys.json`)).toBe(true);
        const [again, other] = [new Browserlike(second.url), new Browserlike(second.url)];
        expect(await again.json<View>("GET", "/session", undefined, client.cookie)).toMatchObject({ state: "active", id });
        await other.signIn();
        const { devices } = await other.json<{ devices: { id: string }[] }>("GET", "/session/devices");
        expect(devices.map((device) => device.id)).toContain(id);
        expect((await other.send("DELETE", `/session/devices/${id}`)).status).toBe(204);
        expect(await again.json<View>("GET", "/session", undefined, client.cookie)).toEqual({ state: "none", ended: "revoked" });
      } finally {
        await second.stop();
      }
    });

    it("says in words that its port is taken or an option is wrong", async () => {
      const portal = await start();
      try {
        const taken = await runToEnd(["--file", newDatabase()], { PORT: new URL(portal.url).port }, command);
        expect([taken.code, taken.output]).toEqual([1, expect.stringMatching(/Port \d+ is taken/)]);
      } finally {
        await portal.stop();
      }
      expect(await runToEnd(["--idle", "never"], {}, command)).toMatchObject({ code: 2, output: expect.stringContaining("--idle is") as string });
      if (name === "Workers") for (const option of ["--store=memory", "--sealed"]) expect(await runToEnd([option], {}, command)).toMatchObject({ code: 2, output: expect.stringContaining("Durable Objects") as string });
    });
  });
}
