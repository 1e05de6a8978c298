import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { problemOf } from "@holdfast/examples-shared/problem";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import { varyByCookie } from "@holdfast/examples-shared/vary";
import { json } from "@sveltejs/kit";
import type { Handle, HandleServerError } from "@sveltejs/kit/hooks";

const sessions = createShopSessions();

/** Opens the session of each request as `locals.session`, and commits it before the first byte of the response. */
export const handle: Handle = async ({ event, resolve }) => {
  const { request, locals } = event;
  // SvelteKit's own check is for forms only.
  if (isForeignWrite(request.method, request.headers)) return json({ error: "csrf" }, { status: 403 });
  try {
    const response = await sessions.handle(request, (session) => {
      locals.session = session;
      return resolve(event);
    });
    return varyByCookie(response);
  } catch (error) {
    const problem = problemOf(error); // the commit failed, so what the route answered is not true
    if (problem) return json({ error: problem.code }, { status: problem.status });
    throw error;
  }
};

/** `resolve` answers what a route throws and never throws itself: here is where a route that failed loses what it had in mind. */
export const handleError: HandleServerError = ({ error, kind, event }) => {
  event.locals.session?.discard();
  const problem = problemOf(error);
  if (problem) return { status: problem.status, message: problem.code };
  if (kind === "unknown") console.error(error);
};
