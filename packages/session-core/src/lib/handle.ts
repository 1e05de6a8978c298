import type { RequestSession } from "./session/state.ts";
import type { OpenOptions, Sessions } from "./sessions.ts";

const CACHEABLE = /(?:^|[\s,])(?:public|immutable|(?:s-maxage|max-age)\s*=\s*"?0*[1-9])/i;
const PRIVATE = /(?:^|[\s,])(?:no-store|no-cache|private)/i;

/** Whether the application wants this answer to be kept by caches, ours or others'. */
export function isCacheable(headers: Headers): boolean {
  const control = headers.get("cache-control");
  return control !== null && CACHEABLE.test(control) && !PRIVATE.test(control);
}

/** `open`, the application, `commit`: the whole life of a session in a request, for anything that speaks Fetch. */
export async function handle<Data>(
  open: Sessions<Data>["open"],
  request: Request,
  next: (session: RequestSession<Data>) => Promise<Response> | Response,
  options?: OpenOptions,
): Promise<Response> {
  const session = await open(request, options);
  let response: Response;
  try {
    response = await next(session);
  } catch (error) {
    // Without a response there is nobody to give a new credential to; a sign-out stands all the same.
    session.discard();
    await session.commit();
    throw error;
  }
  const { cookies, headers } = await session.commit({ cacheable: isCacheable(response.headers) });
  if (cookies.length === 0 && headers.length === 0) return response;
  // The application's response may be immutable (from fetch, or Response.redirect).
  const answered = new Response(response.body, response);
  for (const [name, value] of headers) answered.headers.set(name, value);
  for (const { header } of cookies) answered.headers.append("set-cookie", header);
  return answered;
}
