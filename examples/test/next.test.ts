import { expect, it } from "vitest";
import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";
import { Visitor } from "./visitor.ts";

conforms("the next example", () => startExample("next", ["node_modules/next/dist/bin/next", "start"]), {
  page: true,
  more: (url) => {
    it("signs out through a server action, whose cookie changes Next sets", async () => {
      const client = new Visitor(url());
      await client.post("/sign-in", { body: { user: "kim" } });
      const [, action = ""] = /name="(\$ACTION_ID_\w+)"/.exec((await client.get("/")).text) ?? [];
      const submit = (headers: Record<string, string>): Promise<Response> => {
        const body = new FormData();
        body.set(action, "");
        return fetch(`${url()}/`, { method: "POST", body, headers: { cookie: client.cookie, ...headers } });
      };
      const foreign = await submit({ "sec-fetch-site": "cross-site", origin: "https://evil.example" });
      const bare = await submit({});
      expect([foreign.ok, foreign.headers.getSetCookie(), bare.ok, bare.headers.getSetCookie()]).toEqual([false, [], false, []]);
      expect((await client.get("/me")).me.kind).toBe("active");

      const own = await submit({ "sec-fetch-site": "same-origin", origin: url() });
      expect([own.status, await own.text()]).toEqual([200, expect.stringContaining("Not signed in")]);
      expect(own.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sid-\w+=;.*Max-Age=0/)]);
      expect(own.headers.getSetCookie()[0]).toMatch(/(?=.*; Path=\/)(?=.*; Secure)(?=.*; HttpOnly)(?=.*; SameSite=lax)/i);
      expect((await client.get("/me")).me.kind).toBe("none");
    });
  },
});
