import { expect, it } from "vitest";
import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";
import { Visitor } from "./visitor.ts";

conforms("the react-router example", () => startExample("react-router", ["node_modules/@react-router/serve/bin.cjs", "build/server/index.js"]), {
  page: true,
  more: (url) => {
    it("gives a client navigation its session, its cookie and its refusal too", async () => {
      const client = new Visitor(url());
      const added = await client.post("/cart.data", { body: { item: "oar" } });
      expect([added.status, added.setCookies]).toEqual([200, [expect.stringMatching(/^__Host-sid-/)]]);
      expect((await client.get("/_.data")).text).toContain('"oar"');
      const foreign = await client.post("/cart.data", { body: { item: "forged" }, headers: { "sec-fetch-site": "cross-site" } });
      expect([foreign.status, foreign.setCookies]).toEqual([403, []]);
      await client.post("/fail.data");
      expect((await client.get("/me")).me).toEqual({ kind: "guest", cart: ["oar"] });
    });
  },
});
