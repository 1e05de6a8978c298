import type { Sessions } from "@holdfast/session-core";
import { csrf, holdfastErrorHandler, session, type SessionEnv } from "@holdfast/session-hono";
import { Hono } from "hono";
import { addToCart, me, type Shop, textOf } from "./shop.ts";

/** The shop with Hono, for whatever runs it. */
export function createHonoShop(sessions: Sessions<Shop>): Hono<SessionEnv<Shop>> {
  const app = new Hono<SessionEnv<Shop>>();

  app.onError(
    holdfastErrorHandler((error, c) => {
      console.error(error);
      return c.json({ error: "internal" }, 500);
    }),
  );
  app.use(csrf());
  app.use(session(sessions));

  app.get("/me", (c) => c.json(me(c.var.session.state)));

  app.post("/sign-in", async (c) => {
    const user = textOf(await c.req.json(), "user"); // and a password, checked here
    if (user === undefined) return c.json({ error: "user" }, 400);
    c.var.session.start(user, {}, { carry: ["cart"] });
    return c.json(me(c.var.session.state));
  });

  app.post("/cart", async (c) => {
    const item = textOf(await c.req.json(), "item");
    if (item === undefined) return c.json({ error: "item" }, 400);
    c.var.session.update(addToCart(item));
    return c.json(me(c.var.session.state));
  });

  app.post("/step-up", (c) => {
    c.var.session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
    return c.json(me(c.var.session.state));
  });

  app.post("/sign-out", (c) => {
    c.var.session.end();
    return c.redirect("/me", 303);
  });

  app.post("/fail", (c) => {
    c.var.session.update(addToCart("never kept"));
    throw new Error("Something broke after the change.");
  });

  return app;
}
