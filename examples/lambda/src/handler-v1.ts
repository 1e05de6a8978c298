import type { APIGatewayProxyEvent, APIGatewayProxyHandler } from "aws-lambda";
import { bodyOf, textBody } from "./body.ts";
import { shop } from "./shop.ts";

/** For REST APIs, payload format 1.0: whatever may come or go more than once is in the `multiValue` members. */
export const handler: APIGatewayProxyHandler = async (event) => {
  const { path, httpMethod, requestContext } = event;
  const url = `https://${requestContext.domainName ?? "localhost"}${path}${queryOf(event)}`;
  const response = await shop(new Request(url, { method: httpMethod, headers: headersOf(event), body: bodyOf(event) }));

  const multiValueHeaders: Record<string, string[]> = {};
  for (const [name, value] of response.headers) (multiValueHeaders[name] ??= []).push(value); // Set-Cookie comes once for each cookie
  return { statusCode: response.status, multiValueHeaders, ...(await textBody(response)) };
};

function headersOf({ multiValueHeaders, headers: single }: APIGatewayProxyEvent): Headers {
  const headers = new Headers();
  // The console's test button sends null for both.
  for (const [name, value] of Object.entries(single ?? {})) if (value !== undefined) headers.set(name, value);
  for (const [name, values = []] of Object.entries(multiValueHeaders ?? {})) {
    headers.set(name, values.join(name.toLowerCase() === "cookie" ? "; " : ", "));
  }
  return headers;
}

/** The parameters come decoded. */
function queryOf({ multiValueQueryStringParameters }: APIGatewayProxyEvent): string {
  const query = new URLSearchParams();
  for (const [name, values = []] of Object.entries(multiValueQueryStringParameters ?? {})) for (const value of values) query.append(name, value);
  return query.size === 0 ? "" : `?${query.toString()}`;
}
