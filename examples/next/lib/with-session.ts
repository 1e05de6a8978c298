import type { RequestSession } from "@holdfast/session-core";
import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { problemOf } from "@holdfast/examples-shared/problem";
import type { Shop } from "@holdfast/examples-shared/shop";
import { varyByCookie } from "@holdfast/examples-shared/vary";
import { sessions } from "./sessions.ts";

type Handler = (session: RequestSession<Shop>, request: Request) => Response | Promise<Response>;

/**
 * A route handler with a session: opened before, committed after, its cookies on the response. `redirect()` and `notFound()` of Next throw, and
 * what throws is not committed: return a response that redirects instead.
 */
export const withSession =
  (handler: Handler) =>
  async (request: Request): Promise<Response> => {
    if (isForeignWrite(request.method, request.headers)) return Response.json({ error: "csrf" }, { status: 403 });
    try {
      return varyByCookie(await sessions().handle(request, (session) => handler(session, request)));
    } catch (error) {
      const problem = problemOf(error);
      if (problem) return Response.json({ error: problem.code }, { status: problem.status });
      throw error;
    }
  };
