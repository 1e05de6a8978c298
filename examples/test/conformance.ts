import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "./program.ts";
import { Visitor } from "./visitor.ts";

export interface Kind {
  /** Whether `/` is a page that the framework renders, to show the session where nothing can be changed. */
  readonly page?: boolean;
  /** Tests of its own, in the same run. */
  readonly more?: (url: () => string) => void;
}

/** What every integration has to do, over HTTP. `start` starts the example; each test has users of its own. */
export function conforms(name: string, start: () => Promise<Program>, { page = false, more }: Kind = {}): void {
  describe(name, () => {
    let program: Program;
    beforeAll(async () => void (program = await start()));
    afterAll(() => program?.stop());

    const visitor = (): Visitor => new Visitor(program.url);
    const member = async (user: string): Promise<Visitor> => {
      const client = visitor();
      expect((await client.post("/sign-in", { body: { user } })).status).toBe(200);
      return client;
    };
    const nameOf = (line: string): string => line.slice(0, line.indexOf("="));

    it("gives a visitor no cookie", async () => {
      const answer = await visitor().get("/me");
      expect([answer.status, answer.setCookies, answer.me]).toEqual([200, [], { kind: "none", cart: [] }]);
    });

    it("signs in with a host-only, secure cookie that no cache keeps", async () => {
      const client = visitor();
      const answer = await client.post("/sign-in", { body: { user: "ada" } });
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toEqual([expect.stringMatching(/^__Host-sid-\w+=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("session-deadlines")).toMatch(/^idle=\d+, absolute=\d+, epoch=/);
      expect(answer.headers.get("vary")).toMatch(/\bcookie\b/i);
      expect(answer.me).toEqual({ kind: "active", subject: "ada", cart: [] });
      expect((await client.get("/me")).me).toEqual({ kind: "active", subject: "ada", cart: [] });
    });

    it("[B13] sends two cookies as two fields, when a guest signs in and the cart comes along", async () => {
      const client = visitor();
      await client.post("/cart", { body: { item: "rope" } });
      const guest = client.cookie;
      const answer = await client.post("/sign-in", { body: { user: "guest-of-old" } });
      const [gone, ...others] = answer.setCookies.filter((line) => line.includes("Max-Age=0")).map(nameOf);
      const [set, ...more] = answer.setCookies.filter((line) => !line.includes("Max-Age=0")).map(nameOf);
      expect([gone, others, set, more]).toEqual([nameOf(guest), [], expect.stringMatching(/^__Host-sid-\w$/), []]);
      expect([...client.jar.keys()]).toEqual([set]);
      expect((await client.get("/me")).me).toEqual({ kind: "active", subject: "guest-of-old", cart: ["rope"] });
      expect((await visitor().get("/me", { cookie: guest })).me.kind).toBe("none");
    });

    it("keeps all of 20 parallel updates", async () => {
      const client = await member("bea");
      const items = Array.from({ length: 20 }, (_, i) => `item-${i}`);
      const answers = await Promise.all(items.map((item) => client.post("/cart", { body: { item } })));
      expect(answers.map(({ status }) => status)).toEqual(items.map(() => 200));
      expect((await client.get("/me")).me.cart.toSorted()).toEqual(items.toSorted());
    });

    it("gives rights to a new credential only, and the old one dies when that is used", async () => {
      const client = await member("cleo");
      const before = client.cookie;
      const answer = await client.post("/step-up");
      expect([answer.status, answer.me.acr]).toEqual([200, "2"]);
      expect(client.cookie).not.toBe(before);
      const old = (await visitor().get("/me", { cookie: before })).me;
      expect([old.kind, old.acr]).toEqual(["active", undefined]);
      expect((await client.get("/me")).me).toMatchObject({ kind: "active", subject: "cleo", acr: "2" });
      expect((await visitor().get("/me", { cookie: before })).me.kind).toBe("none");
      expect((await visitor().post("/step-up")).status).toBe(401);
    });

    it("signs out: the cookie goes, and a captured copy of it is worth nothing", async () => {
      const client = await member("dora");
      const captured = client.cookie;
      const answer = await client.post("/sign-out");
      expect([answer.status, new URL(answer.headers.get("location") ?? "", program.url).pathname]).toEqual([303, "/me"]);
      expect([answer.setCookies, client.jar.size]).toEqual([[expect.stringContaining("Max-Age=0")], 0]);
      expect((await visitor().get("/me", { cookie: captured })).me.kind).toBe("none");
      const again = await client.post("/sign-out");
      expect([again.status, again.setCookies]).toEqual([303, []]);
    });

    it("refuses writes that another site caused", async () => {
      const client = await member("eve");
      const foreign = [
        { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": undefined, origin: "https://evil.example" },
        { "sec-fetch-site": undefined, origin: "null" },
        { "sec-fetch-site": undefined, origin: undefined },
      ];
      for (const headers of foreign) {
        const answer = await client.post("/cart", { body: { item: "forged" }, headers });
        expect([headers, answer.status, answer.setCookies]).toEqual([headers, 403, []]);
      }
      expect((await client.post("/sign-in", { body: { user: "mallory" }, headers: foreign[0] ?? {} })).status).toBe(403);
      expect((await client.post("/sign-out", { headers: foreign[0] ?? {} })).status).toBe(403);
      expect((await client.post("/cart", { body: { item: "own" }, headers: { "sec-fetch-site": undefined } })).status).toBe(200);
      expect((await client.get("/me")).me).toEqual({ kind: "active", subject: "eve", cart: ["own"] });
    });

    it("writes nothing of a handler that throws", async () => {
      const client = await member("fay");
      await client.post("/cart", { body: { item: "rope" } });
      const answer = await client.post("/fail");
      expect([answer.status, answer.setCookies]).toEqual([500, []]);
      expect((await client.get("/me")).me.cart).toEqual(["rope"]);
      const guest = visitor();
      expect([(await guest.post("/fail")).status, guest.jar.size]).toEqual([500, 0]);
    });

    it("answers a commit that fails with the fault, not with what the handler said", async () => {
      for (const _ of [1, 2, 3]) await member("greta");
      const fourth = visitor();
      const answer = await fourth.post("/sign-in", { body: { user: "greta" } });
      expect([answer.status, answer.setCookies, fourth.jar.size]).toEqual([403, [], 0]);
      const { error, code } = JSON.parse(answer.text) as { readonly error?: string; readonly code?: string };
      expect(error ?? code).toBe("limit_reached");
    });

    it("answers 404 to a path that it does not know, with no cookie", async () => {
      const answer = await (await member("ida")).get("/nothing");
      expect([answer.status, answer.setCookies]).toEqual([404, []]);
    });

    if (page) it("shows the session on a page, and sets no cookie there", async () => {
      const client = await member("joan");
      await client.post("/cart", { body: { item: "lantern" } });
      const mine = await client.get("/");
      expect([mine.status, mine.setCookies]).toEqual([200, []]);
      expect(mine.text.replaceAll("<!-- -->", "")).toMatch(/Signed in as joan<[\s\S]*In the cart: lantern</);
      const other = await visitor().get("/");
      expect([other.setCookies, other.text.includes("Not signed in"), other.text.includes("joan")]).toEqual([[], true, false]);
    });

    it("finds our cookie among others and believes no forged or doubled one", async () => {
      const client = await member("hera");
      expect((await client.get("/me", { cookie: `theme=dark; ${client.cookie}; lang=en` })).me.subject).toBe("hera");
      for (const cookie of [`${client.cookie}x`, `${client.cookie}; ${client.cookie}`, `${nameOf(client.cookie)}=forged`]) {
        expect((await client.get("/me", { cookie, lost: true })).me.kind).toBe("none");
      }
    });

    more?.(() => program.url);
  });
}
