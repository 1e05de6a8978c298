import { isCacheable, type RequestSession, type Sessions } from "@holdfast/session-core";
import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { fetchHeaders } from "@holdfast/examples-shared/node-headers";
import type { Shop } from "@holdfast/examples-shared/shop";
import type { FastifyReply } from "fastify";
import plugin from "fastify-plugin";

declare module "fastify" {
  interface FastifyRequest {
    session: RequestSession<Shop>;
  }
}

/** Opens the session of each request and commits it before the first byte of the response: onSend may still set headers, and is awaited. */
export const session = plugin<{ readonly sessions: Sessions<Shop> }>(async (app, { sessions }) => {
  app.decorateRequest("session");

  app.addHook("onRequest", async (request, reply) => {
    const headers = fetchHeaders(request.headers);
    if (isForeignWrite(request.method, headers)) return reply.code(403).send({ error: "csrf" });
    request.session = await sessions.open(headers);
  });

  // What a handler that failed had in mind is not written, a sign-out excepted.
  app.addHook("onError", async (request) => request.session?.discard());

  const failed = new WeakSet<FastifyReply>();
  app.addHook("onSend", async (request, reply, payload) => {
    reply.header("vary", "Cookie");
    // A commit that failed is answered by the error handler, whose answer comes through here once more.
    if (!request.session || failed.has(reply)) return payload;
    failed.add(reply);
    const control = new Headers({ "cache-control": String(reply.getHeader("cache-control") ?? "") });
    const { cookies, headers } = await request.session.commit({ cacheable: isCacheable(control) });
    failed.delete(reply);
    for (const [name, value] of headers) reply.header(name, value);
    for (const { header } of cookies) reply.header("set-cookie", header); // Fastify appends these: one field each, never joined
    return payload;
  });
});
