import { createShopSessions } from "@holdfast/examples-shared/sessions";
import { addToCart, me, textOf } from "@holdfast/examples-shared/shop";
import express from "express";
import { answerFaults, discardOnError, refuseForeignWrites, session } from "./session.ts";

const app = express();
app.use(refuseForeignWrites);
app.use(express.json({ limit: "4kb" }));
app.use(session(createShopSessions()));

app.get("/me", (req, res) => void res.json(me(req.session.state)));

app.post("/sign-in", (req, res) => {
  const user = textOf(req.body, "user"); // and a password, checked here
  if (user === undefined) return void res.status(400).json({ error: "user" });
  req.session.start(user, {}, { carry: ["cart"] });
  res.json(me(req.session.state));
});

app.post("/cart", (req, res) => {
  const item = textOf(req.body, "item");
  if (item === undefined) return void res.status(400).json({ error: "item" });
  req.session.update(addToCart(item));
  res.json(me(req.session.state));
});

app.post("/step-up", (req, res) => {
  req.session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
  res.json(me(req.session.state));
});

app.post("/sign-out", (req, res) => {
  req.session.end();
  res.redirect(303, "/me");
});

app.post("/fail", (req) => {
  req.session.update(addToCart("never kept"));
  throw new Error("Something broke after the change.");
});

app.use(discardOnError, answerFaults);

const { PORT = "3000", HOST = "127.0.0.1" } = process.env;
const server = app.listen(Number(PORT), HOST, (error) => {
  if (error) throw error;
  console.log(`http://${HOST}:${PORT}`);
});
process.once("SIGTERM", () => server.close());
