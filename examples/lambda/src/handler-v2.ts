import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { bodyOf, textBody } from "./body.ts";
import { shop } from "./shop.ts";

/** For HTTP APIs and function URLs, payload format 2.0: cookies travel in arrays of their own, in and out. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const { rawPath, rawQueryString, requestContext, cookies = [] } = event;
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) if (value !== undefined) headers.set(name, value);
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));

  const url = `https://${requestContext.domainName}${rawPath}${rawQueryString === "" ? "" : `?${rawQueryString}`}`;
  const response = await shop(new Request(url, { method: requestContext.http.method, headers, body: bodyOf(event) }));

  const setCookies = response.headers.getSetCookie();
  response.headers.delete("set-cookie"); // `headers` has one value for each name, so two cookies would be joined there
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), cookies: setCookies, ...(await textBody(response)) };
};
