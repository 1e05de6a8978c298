import { renderToReadableStream } from "react-dom/server";
import { type EntryContext, type HandleErrorFunction, type RouterContextProvider, ServerRouter } from "react-router";
import { failureContext } from "./session.server.ts";

export default async function handleRequest(request: Request, status: number, headers: Headers, context: EntryContext): Promise<Response> {
  const body = await renderToReadableStream(<ServerRouter context={context} url={request.url} />, { signal: request.signal });
  headers.set("content-type", "text/html");
  return new Response(body, { status, headers });
}

/** Is told of every error before the middleware gets its response: the session then loses what the route had in mind. */
export const handleError: HandleErrorFunction = (error, { request, context }) => {
  (context as RouterContextProvider).get(failureContext)(error);
  if (!request.signal.aborted) console.error(error);
};
