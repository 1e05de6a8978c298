import type { RequestSession } from "@holdfast/session-core";
import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { problemOf } from "@holdfast/examples-shared/problem";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import type { Shop } from "@holdfast/examples-shared/shop";
import { varyByCookie } from "@holdfast/examples-shared/vary";
import { createContext, type MiddlewareFunction } from "react-router";

const sessions = createShopSessions();

/** Loaders and actions get the session with `context.get(sessionContext)`. */
export const sessionContext = createContext<RequestSession<Shop>>();

/** Takes what a loader or an action threw: to the middleware `next` is a response in any case. */
export const failureContext = createContext<(error: unknown) => void>(() => undefined);

/** Opens the session of each request and commits it before the first byte of the response: of documents, data and resources alike. */
export const sessionMiddleware: MiddlewareFunction<Response> = async ({ request, context }, next) => {
  // React Router's own check of origins is for routes with a page only.
  if (isForeignWrite(request.method, request.headers)) throw Response.json({ error: "csrf" }, { status: 403 });
  try {
    const response = await sessions.handle(request, async (session) => {
      let failure: unknown;
      context.set(sessionContext, session);
      context.set(failureContext, (error) => {
        failure = error;
        session.discard();
      });
      const response = await next();
      if (problemOf(failure)) throw failure;
      return response;
    });
    return varyByCookie(response);
  } catch (error) {
    const problem = problemOf(error);
    throw problem ? Response.json({ error: problem.code }, { status: problem.status }) : error;
  }
};
