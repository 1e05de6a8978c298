import { generateKeys } from "@holdfast/session-core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { dynamodbJar, startTableServer, type TableServer } from "./table-server.ts";

type Call = (event: APIGatewayProxyEventV2) => Promise<Result>;
type Result = APIGatewayProxyStructuredResultV2;

/** As API Gateway sends it to a function behind an HTTP API: the example of its developer guide, with the members that differ from request to request. */
function eventOf(method: string, path: string, { cookies, body }: { readonly cookies?: readonly string[]; readonly body?: unknown } = {}): APIGatewayProxyEventV2 {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    ...(cookies && { cookies: [...cookies] }),
    headers: {
      accept: "*/*",
      "content-length": String(body === undefined ? 0 : JSON.stringify(body).length),
      ...(body !== undefined && { "content-type": "application/json" }),
      host: "id.execute-api.us-east-1.amazonaws.com",
      "sec-fetch-site": "same-origin",
      "user-agent": "agent",
      "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
      "x-forwarded-for": "205.255.255.176",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "id",
      domainName: "id.execute-api.us-east-1.amazonaws.com",
      domainPrefix: "id",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "205.255.255.176", userAgent: "agent" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage: "$default",
      time: "10/Mar/2020:05:16:23 +0000",
      timeEpoch: 1_583_817_383_220,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

describe.skipIf(dynamodbJar === undefined)("events of an HTTP API, sessions in DynamoDB [needs dynamodb]", () => {
  let server: TableServer;
  beforeAll(async () => {
    server = await startTableServer(dynamodbJar ?? "");
    vi.stubEnv("SESSION_KEYS", JSON.stringify(generateKeys()));
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server?.stop();
  });

  /** A new instance of the function, as Lambda starts one for each request that is under way. */
  const instance = async (timeout = 60_000): Promise<Call> => {
    vi.resetModules();
    vi.stubEnv("STORE_TIMEOUT", String(timeout));
    const { handler } = (await import("../src/handler-hono.ts")) as unknown as { readonly handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<Result> };
    return (event) => handler(event, {} as Context);
  };
  let one: Call;
  let other: Call;
  beforeEach(async () => void ([one, other] = [await instance(), await instance()]));

  const pairsOf = ({ cookies = [] }: Result): string[] => cookies.filter((line) => !line.includes("Max-Age=0")).map((line) => line.split(";")[0] ?? "");
  const bodyOf = ({ body = "" }: Result): unknown => JSON.parse(body);

  it("who signs in at one instance is signed in at another, and out at both", async () => {
    const signedIn = await one(eventOf("POST", "/sign-in", { body: { user: "ada" } }));
    expect(signedIn).toMatchObject({ statusCode: 200, isBase64Encoded: false, cookies: [expect.stringMatching(/^__Host-sid-\w+=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)] });
    expect(Object.keys(signedIn.headers ?? {})).not.toContain("set-cookie");
    const cookies = ["theme=dark", ...pairsOf(signedIn)];
    expect(bodyOf(await other(eventOf("POST", "/cart", { cookies, body: { item: "rope" } })))).toMatchObject({ cart: ["rope"] });
    expect(bodyOf(await one(eventOf("GET", "/me", { cookies })))).toEqual({ kind: "active", subject: "ada", cart: ["rope"] });
    expect((await other(eventOf("POST", "/sign-out", { cookies }))).statusCode).toBe(303);
    for (const call of [one, other]) expect(bodyOf(await call(eventOf("GET", "/me", { cookies })))).toEqual({ kind: "none", cart: [] });
  });

  it("[D08] eight sign-ins of one person at two instances leave the three that are allowed", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? one : other)(eventOf("POST", "/sign-in", { body: { user: "bea" } }))));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([...Array<number>(3).fill(200), ...Array<number>(5).fill(403)]);
  });

  it("two cookies are two entries, when a guest signs in", async () => {
    const guest = await one(eventOf("POST", "/cart", { body: { item: "rope" } }));
    const signedIn = await other(eventOf("POST", "/sign-in", { cookies: pairsOf(guest), body: { user: "cleo" } }));
    expect([signedIn.cookies?.length, pairsOf(signedIn).length]).toEqual([2, 1]);
    expect(bodyOf(await one(eventOf("GET", "/me", { cookies: pairsOf(signedIn) })))).toEqual({ kind: "active", subject: "cleo", cart: ["rope"] });
  });

  it("[J04] a table that does not answer is 503, and takes no cookie away", { timeout: 120_000 }, async () => {
    const cookies = pairsOf(await one(eventOf("POST", "/sign-in", { body: { user: "dora" } })));
    const hurried = await instance(600);
    await server.signal("SIGSTOP");
    const answer = await hurried(eventOf("GET", "/me", { cookies }));
    expect([answer.statusCode, answer.cookies ?? []]).toEqual([503, []]);
    await server.signal("SIGCONT");
    await vi.waitFor(async () => expect(bodyOf(await hurried(eventOf("GET", "/me", { cookies })))).toMatchObject({ kind: "active", subject: "dora" }), 30_000);
  });
});
