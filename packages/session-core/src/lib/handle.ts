import { applyCommit, isCacheable } from "./response-headers.ts";
import type { RequestSession } from "./session/state.ts";
import type { OpenOptions, Sessions } from "./sessions.ts";

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
  const cacheable = isCacheable(response.headers);
  const committed = await session.commit({ cacheable, noCredential: true });
  // A switch of protocols cannot be made anew, and takes no cookies.
  if (response.status === 101) return response;
  // Always a new one: the application's own may be immutable (from fetch, or Response.redirect), or the answer to everybody.
  const answered = new Response(response.body, response);
  const { headers } = answered;
  applyCommit(headers, committed, cacheable);
  // What is answered to one credential, or to none, is not for another.
  if (!/(?:^|,)\s*(?:\*|cookie)\s*(?:,|$)/i.test(headers.get("vary") ?? "")) headers.append("vary", "Cookie, Authorization");
  return answered;
}
