import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyResult, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { handler as v1 } from "../src/handler-v1.ts";
import { handler as v2 } from "../src/handler-v2.ts";

const context = {} as Context;
const none = (): void => undefined;

const callV1 = async (event: Partial<APIGatewayProxyEvent>): Promise<APIGatewayProxyResult> => {
  const whole = { path: "/me", httpMethod: "GET", headers: null, multiValueHeaders: null, multiValueQueryStringParameters: null, body: null, isBase64Encoded: false, requestContext: {} };
  return (await v1({ ...whole, ...event } as unknown as APIGatewayProxyEvent, context, none)) as APIGatewayProxyResult;
};
const callV2 = async (method: string, path: string, event: Partial<APIGatewayProxyEventV2>): Promise<APIGatewayProxyStructuredResultV2> => {
  const whole = { version: "2.0", rawPath: path, rawQueryString: "", headers: {}, isBase64Encoded: false, requestContext: { domainName: "shop.test", http: { method, path } } };
  return (await v2({ ...whole, ...event } as unknown as APIGatewayProxyEventV2, context, none)) as APIGatewayProxyStructuredResultV2;
};
const pairOf = (header: unknown): string => String(header).split(";")[0] ?? "";

describe("events that only a gateway sends", () => {
  it("format 1.0: the console's test button sends no headers at all", async () => {
    expect(await callV1({})).toMatchObject({ statusCode: 200, body: '{"kind":"none","cart":[]}' });
  });

  it("format 1.0: cookies in several values are one Cookie header", async () => {
    const body = '{"user":"ada"}';
    const signedIn = await callV1({ path: "/sign-in", httpMethod: "POST", body, multiValueHeaders: { "Sec-Fetch-Site": ["same-origin"] } });
    const [cookie] = signedIn.multiValueHeaders?.["set-cookie"] ?? [];
    const seen = await callV1({ headers: { Cookie: "lang=en" }, multiValueHeaders: { Cookie: ["theme=dark", pairOf(cookie), "lang=en"] } });
    expect(JSON.parse(seen.body)).toMatchObject({ kind: "active", subject: "ada" });
  });

  it("format 2.0: cookies come and go in lists, bodies in base64 or not", async () => {
    const headers = { "sec-fetch-site": "same-origin" };
    const signedIn = await callV2("POST", "/sign-in", { headers, body: Buffer.from('{"user":"ada"}').toString("base64"), isBase64Encoded: true });
    expect(signedIn.cookies).toEqual([expect.stringMatching(/^__Host-sid-/)]);
    expect(Object.keys(signedIn.headers ?? {})).not.toContain("set-cookie");
    const seen = await callV2("GET", "/me", { cookies: ["theme=dark", pairOf(signedIn.cookies?.[0])] });
    expect(JSON.parse(seen.body ?? "")).toMatchObject({ kind: "active", subject: "ada" });
  });
});
