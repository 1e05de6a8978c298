import { problemOf } from "@holdfast/examples-shared/problem";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import { addToCart, me, textOf } from "@holdfast/examples-shared/shop";
import fastify from "fastify";
import { session } from "./session.ts";

const app = fastify({ bodyLimit: 4096 });
await app.register(session, { sessions: createShopSessions() });

app.setErrorHandler((error, _request, reply) => {
  const problem = problemOf(error);
  if (problem) return reply.code(problem.status).send({ error: problem.code });
  throw error; // Fastify's own answer
});

app.get("/me", async (request) => me(request.session.state));

app.post("/sign-in", async (request, reply) => {
  const user = textOf(request.body, "user"); // and a password, checked here
  if (user === undefined) return reply.code(400).send({ error: "user" });
  request.session.start(user, {}, { carry: ["cart"] });
  return me(request.session.state);
});

app.post("/cart", async (request, reply) => {
  const item = textOf(request.body, "item");
  if (item === undefined) return reply.code(400).send({ error: "item" });
  request.session.update(addToCart(item));
  return me(request.session.state);
});

app.post("/step-up", async (request) => {
  request.session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
  return me(request.session.state);
});

app.post("/sign-out", async (request, reply) => {
  request.session.end();
  return reply.redirect("/me", 303);
});

app.post("/fail", async (request) => {
  request.session.update(addToCart("never kept"));
  throw new Error("Something broke after the change.");
});

const { PORT = "3000", HOST = "127.0.0.1" } = process.env;
console.log(await app.listen({ port: Number(PORT), host: HOST }));
process.once("SIGTERM", () => void app.close());
