import type { RequestSession } from "@holdfast/session-core";
import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { problemOf } from "@holdfast/examples-shared/problem";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import { addToCart, me, type Shop, textOf } from "@holdfast/examples-shared/shop";
import { varyByCookie } from "@holdfast/examples-shared/vary";

// Outside the handler, so that it lives as long as the instance of the function.
const sessions = createShopSessions();

/** The application, from a Fetch request to a Fetch response; the handlers translate. */
export async function shop(request: Request): Promise<Response> {
  if (isForeignWrite(request.method, request.headers)) return Response.json({ error: "csrf" }, { status: 403 });
  try {
    return varyByCookie(await sessions.handle(request, (session) => route(request, session)));
  } catch (error) {
    const problem = problemOf(error);
    if (problem) return Response.json({ error: problem.code }, { status: problem.status });
    console.error(error);
    return Response.json({ error: "internal" }, { status: 500 });
  }
}

async function route(request: Request, session: RequestSession<Shop>): Promise<Response> {
  const body: unknown = request.method === "POST" ? await request.json().catch(() => undefined) : undefined;
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case "GET /me":
      break;
    case "POST /sign-in": {
      const user = textOf(body, "user"); // and a password, checked here
      if (user === undefined) return Response.json({ error: "user" }, { status: 400 });
      session.start(user, {}, { carry: ["cart"] });
      break;
    }
    case "POST /cart": {
      const item = textOf(body, "item");
      if (item === undefined) return Response.json({ error: "item" }, { status: 400 });
      session.update(addToCart(item));
      break;
    }
    case "POST /step-up":
      session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
      break;
    case "POST /sign-out":
      session.end();
      return Response.redirect(new URL("/me", request.url), 303);
    case "POST /fail":
      session.update(addToCart("never kept"));
      throw new Error("Something broke after the change.");
    default:
      return Response.json({ error: "not found" }, { status: 404 });
  }
  return Response.json(me(session.state));
}
