import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyHandler, APIGatewayProxyHandlerV2, APIGatewayProxyResult, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";

// What API Gateway does between HTTP and a function, as its developer guide describes the two payload formats
// ("Create AWS Lambda proxy integrations for HTTP APIs" and "Set up Lambda proxy integrations").

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}
export type Call = (request: IncomingMessage) => Promise<Answer>;

/** Format 1.0: each header and parameter twice, the last value and the list of all. */
export const callV1 =
  (handler: APIGatewayProxyHandler): Call =>
  async (request) => {
    const { path, query } = urlOf(request);
    const bytes = await bodyOf(request);
    const multiValueHeaders: Record<string, string[]> = {};
    for (const [name, value] of headersOf(request)) (multiValueHeaders[name] ??= []).push(value);
    const parameters: Record<string, string[]> = {};
    for (const [name, value] of query) (parameters[name] ??= []).push(value);
    const method = request.method ?? "GET";
    const event = {
      resource: "/{proxy+}",
      path,
      httpMethod: method,
      headers: lastOf(multiValueHeaders),
      multiValueHeaders,
      queryStringParameters: query.size === 0 ? null : lastOf(parameters),
      multiValueQueryStringParameters: query.size === 0 ? null : parameters,
      pathParameters: { proxy: path.slice(1) },
      stageVariables: null,
      requestContext: { ...contextOf(request), path, httpMethod: method, protocol: "HTTP/1.1", resourceId: "local", resourcePath: "/{proxy+}", authorizer: null },
      body: bytes.length === 0 ? null : bytes.toString(),
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEvent;

    const result = (await handler(event, {} as Context, () => undefined)) as APIGatewayProxyResult;
    const many = Object.entries(result.multiValueHeaders ?? {}).flatMap(([name, values]) => values.map((value) => [name, String(value)] as const));
    // Where a name is in both, only its list counts.
    const single = Object.entries(result.headers ?? {}).filter(([name]) => !many.some(([other]) => other.toLowerCase() === name.toLowerCase()));
    return answer(result.statusCode, [...single.map(([name, value]) => [name, String(value)] as const), ...many], result);
  };

/** Format 2.0: names in lower case, several values joined with commas, cookies in a list of their own. */
export const callV2 =
  (handler: APIGatewayProxyHandlerV2): Call =>
  async (request) => {
    const { path, query, search } = urlOf(request);
    const bytes = await bodyOf(request);
    const headers: Record<string, string> = {};
    const cookies: string[] = [];
    for (const [name, value] of headersOf(request)) {
      const lower = name.toLowerCase();
      if (lower === "cookie") cookies.push(...value.split("; "));
      else headers[lower] = headers[lower] === undefined ? value : `${headers[lower]},${value}`;
    }
    const parameters: Record<string, string> = {};
    for (const [name, value] of query) parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
    const method = request.method ?? "GET";
    const context = contextOf(request);
    const event = {
      version: "2.0",
      routeKey: "$default",
      rawPath: path,
      rawQueryString: search,
      ...(cookies.length === 0 ? {} : { cookies }),
      headers,
      ...(query.size === 0 ? {} : { queryStringParameters: parameters }),
      requestContext: { ...context, routeKey: "$default", http: { method, path, protocol: "HTTP/1.1", ...context.identity } },
      // Text goes as it is; whatever is not known to be text goes in base64.
      ...(bytes.length === 0 ? {} : isText(headers["content-type"]) ? { body: bytes.toString(), isBase64Encoded: false } : { body: bytes.toString("base64"), isBase64Encoded: true }),
    } as unknown as APIGatewayProxyEventV2;

    const result = (await handler(event, {} as Context, () => undefined)) as APIGatewayProxyStructuredResultV2;
    const plain = Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    return answer(result.statusCode ?? 200, [...plain, ...(result.cookies ?? []).map((value) => ["set-cookie", value] as const)], result);
  };

function urlOf(request: IncomingMessage): { path: string; query: URLSearchParams; search: string } {
  const [path = "/", search = ""] = (request.url ?? "/").split("?", 2);
  return { path, query: new URLSearchParams(search), search };
}

/** A gateway speaks https only, so that is the origin of its pages. */
function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  return Array.from({ length: rawHeaders.length / 2 }, (_, i) => {
    const [name = "", value = ""] = rawHeaders.slice(2 * i, 2 * i + 2);
    return [name, name.toLowerCase() === "origin" ? value.replace("http:", "https:") : value];
  });
}

function contextOf(request: IncomingMessage) {
  return {
    accountId: "123456789012",
    apiId: "local",
    domainName: request.headers.host ?? "localhost",
    domainPrefix: "local",
    stage: "$default",
    requestId: crypto.randomUUID(),
    identity: { sourceIp: request.socket.remoteAddress ?? "", userAgent: request.headers["user-agent"] ?? "" },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray());
}

const lastOf = (lists: Readonly<Record<string, string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.at(-1) ?? ""]));

const isText = (type = ""): boolean => /^(?:text\/|application\/(?:json|xml|javascript)\b)/.test(type);

const answer = (status: number, headers: Answer["headers"], { body = "", isBase64Encoded = false }: { body?: string | undefined; isBase64Encoded?: boolean | undefined }): Answer => ({
  status,
  headers,
  body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
});
