import { afterAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../../tools/services/memcached.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { STARTS } from "../../../tools/services/starts.ts";
import { parseStoreUrl } from "../src/server/store-url.ts";
import { Browserlike } from "./browserlike.ts";
import { newDatabase, removeDatabases, runToEnd, startProgram } from "./portal-process.ts";

afterAll(removeDatabases);

for (const name of ["redis", "postgres", "mariadb", "memcached"] as const) {
  const program = serviceFor(name, "the portal is");
  describe.skipIf(program === undefined)(`the portal on ${name} [needs ${name}]`, () => {
    it("signs in, keeps sessions over a restart, shares them between two portals, answers 503 while the server is gone, and signs out", async () => {
      const server = await STARTS[name](program ?? "");
      const file = newDatabase();
      const options = ["--store", server.url];
      const first = await startProgram(options, file);
      const second = await startProgram(options, file);
      try {
        const client = new Browserlike(first.url);
        const { id } = await client.signIn();
        const elsewhere = new Browserlike(second.url);
        expect(await elsewhere.json("GET", "/session", undefined, client.cookie)).toMatchObject({ state: "active", id });

        await first.stop();
        const again = await startProgram(options, file);
        try {
          expect(await new Browserlike(again.url).json("GET", "/session", undefined, client.cookie)).toMatchObject({ state: "active", id });
        } finally {
          await again.stop();
        }

        await server.signal("SIGKILL");
        const gone = await elsewhere.sendOnly("GET", "/session", undefined, client.cookie);
        expect(gone.status).toBe(503);
        expect(gone.headers.getSetCookie()).toEqual([]);
        await server.restart();
        await expect.poll(async () => (await elsewhere.sendOnly("GET", "/session", undefined, client.cookie)).status, { timeout: 60_000 }).toBe(200);
      } finally {
        await first.stop();
        await second.stop();
        await server.stop();
      }
    });
  });
}

const memcached = serviceFor("memcached", "the portal without a list of sessions is");
describe.skipIf(memcached === undefined)("the portal on two memcached nodes [needs memcached]", () => {
  it("[D05] says that it cannot list sessions, and signs out everywhere else and everywhere, on another portal too", async () => {
    const servers = await Promise.all([1, 2].map(() => startMemcached(memcached ?? "")));
    const options = ["--store", `memcached://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`];
    const file = newDatabase();
    const portal = await startProgram(options, file);
    const second = await startProgram(options, file);
    try {
      expect(portal.output.join("\n")).toMatch(/cannot list them/);
      const signedIn = async (url: string, name?: string): Promise<Browserlike> => {
        const client = new Browserlike(url);
        await client.signIn(name);
        return client;
      };
      const [here, there, elsewhere, grace] = [await signedIn(portal.url), await signedIn(portal.url), await signedIn(second.url), await signedIn(second.url, "grace")];
      const states = async (): Promise<unknown[]> => Promise.all([here, there, elsewhere, grace].map(async (client) => (await client.json("GET", "/session"))["state"]));
      expect(await (await here.send("GET", "/")).text()).toContain("&quot;listable&quot;:false,&quot;endsAll&quot;:true");
      expect((await here.send("GET", "/session/devices")).status).toBe(501);
      expect((await here.send("POST", "/session/logout", { scope: "others" })).status).toBe(204);
      expect(await states()).toEqual(["active", "none", "none", "active"]);
      await elsewhere.signIn();
      expect(await states()).toEqual(["active", "none", "active", "active"]);
      expect((await here.send("POST", "/session/logout", { scope: "all" })).status).toBe(204);
      expect(await states()).toEqual(["none", "none", "none", "active"]);
    } finally {
      await portal.stop();
      await second.stop();
      for (const server of servers) await server.stop();
    }
  });
});

describe("a store that is named by a URL", () => {
  it("says in words that it cannot be reached, and ends with code 1", async () => {
    const exit = await runToEnd(["--store", "redis://127.0.0.1:1", "--file", newDatabase()]);
    expect(exit.code).toBe(1);
    expect(exit.output).toMatch(/The store cannot be reached: .*ECONNREFUSED/);
    const other = await runToEnd(["--store", "memcached://127.0.0.1:1", "--file", newDatabase()]);
    expect([other.code, other.output]).toEqual([1, expect.stringMatching(/The store cannot be reached: .*ECONNREFUSED/)]);
  });

  it("[K06] in production is refused when it is elsewhere and plain, or has no password; no word quotes the URL", () => {
    const refused = [
      ["redis://:hunter2@sessions.test", /not encrypted/],
      ["rediss://sessions.test", /no password/],
      ["postgres://web:hunter2@db.test/app", /not encrypted/],
      ["postgres://web:hunter2@db.test/app?sslmode=require", /not encrypted/],
      ["postgres://web@db.test/app?sslmode=verify-full", /no password/],
      ["mysql://web:hunter2@db.test/app", /not encrypted/],
      ["mysql://web:hunter2@db.test/app?ssl={}", /not encrypted/],
      ["redis://:hunter2@127.0.0.1.example.test", /not encrypted/],
      ["redis+sentinel://:hunter2@sentinel.test/sessions", /not encrypted.*rediss\+sentinel/],
      ["rediss+cluster://node.test", /no password/],
      ["redis+cluster://localhost:1?node=sessions.test:2", /not encrypted/],
      // The masters that a local sentinel or node names may be anywhere.
      ["redis+sentinel://127.0.0.1:26379/sessions", /not encrypted.*rediss\+sentinel.*plaintext=local/],
      ["redis+cluster://:hunter2@127.0.0.1:7000?node=localhost:7001", /not encrypted.*rediss\+cluster.*plaintext=local/],
      ["rediss+sentinel://127.0.0.1/sessions", /no password/],
      ["redis+cluster://localhost:1?node=sessions.test:2&plaintext=local", /not encrypted/],
      ["redis+cluster://localhost:1?plaintext=hunter2", /plaintext, which must be local/],
      // Of two the drivers take the last.
      ["postgres://web:hunter2@db.test/app?sslmode=verify-full&sslmode=disable", /twice/],
      ["postgres://web:hunter2@db.test/app?sslmode=verify-full&%73slmode=disable", /twice/],
      ['mysql://web:hunter2@db.test/app?ssl={"rejectUnauthorized":true,"verifyIdentity":true}&ssl={"rejectUnauthorized":false}', /twice/],
      ["redis://localhost?hunter2=1&hunter2=2", /twice/],
      ['mysql://web:hunter2@db.test/app?ssl={"rejectUnauthorized":true}', /not encrypted.*verifyIdentity/],
      ['mysql://web:hunter2@db.test/app?ssl={"rejectUnauthorized":true,"verifyIdentity":true,"rejectUnauthorized":false}', /not encrypted/],
      ['mysql://web:hunter2@db.test/app?ssl={"a":{"rejectUnauthorized":true,"verifyIdentity":true}}', /not encrypted/],
      ["mysql://web:hunter2@db.test/app?ssl=hunter2", /not encrypted/],
      ["mysql://web:hunter2@db.test/app?ssl=null", /not encrypted/],
      ["redis+cluster://localhost:1?node=hunter2", /not HOST:PORT/],
      ["rediss+sentinel://:hunter2@sentinel.test", /what the sentinels call the master/],
      ["redis://localhost?replicas=hunter2", /must be 0 to 9/],
      ["ftp://:hunter2@sessions.test", /must be sqlite, memory, or a URL/],
      ["redis:hunter2", /must be sqlite, memory, or a URL/],
      ["memcached://sessions.test", /not encrypted/],
      ["memcached://127.0.0.1,sessions.test:11211", /not encrypted/],
      ["memcached://web:hunter2@127.0.0.1", /takes HOST/],
      ["memcached://localhost,", /takes HOST/],
      ["memcached://localhost/1", /takes HOST/],
      ["memcached://", /takes HOST/],
      ["memcached://localhost,localhost", /twice/],
    ] as const;
    for (const [url, why] of refused) {
      const words = parseStoreUrl(url, true);
      expect([url, words]).toEqual([url, expect.stringMatching(why)]);
      expect(words).not.toContain("hunter2");
    }
    for (const url of ["rediss://:hunter2@sessions.test", "postgres://web:hunter2@db.test/app?sslmode=verify-full", 'mysql://web:hunter2@db.test/app?ssl={"rejectUnauthorized":true,"verifyIdentity":true}', "redis://localhost", "redis+cluster://localhost:1?node=127.0.0.1:2&replicas=1&plaintext=local", "redis+sentinel://127.0.0.1/sessions?plaintext=local", "rediss+cluster://:hunter2@localhost:1?node=localhost:2&node=localhost:3", "rediss+sentinel://:hunter2@sentinel.test/sessions?node=other.test:26379", "postgres://app@127.0.0.1/app", "mysql://root@[::1]/app", "memcached://localhost:11211,127.0.0.1:11212,[::1]"]) {
      expect([url, typeof parseStoreUrl(url, true)]).toEqual([url, "object"]);
    }
    for (const url of ["redis://sessions.test", "redis+sentinel://127.0.0.1/sessions", "memcached://a.test:11211,b.test"]) expect(typeof parseStoreUrl(url, false)).toBe("object");
  });
});
