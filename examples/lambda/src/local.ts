import { createServer } from "node:http";
import type { APIGatewayProxyHandler, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { callV1, callV2 } from "./gateway.ts";

// Stands in for API Gateway on this machine: real HTTP outside, events and results of the given payload format inside.
const { PORT = "3000", HOST = "127.0.0.1", PAYLOAD = "2.0", HANDLER = "fetch" } = process.env;
if (PAYLOAD !== "1.0" && PAYLOAD !== "2.0") throw new Error(`PAYLOAD is "${PAYLOAD}"; it must be 1.0 or 2.0.`);
const v1 = PAYLOAD === "1.0";
const file = HANDLER === "hono" ? "handler-hono" : v1 ? "handler-v1" : "handler-v2";
const { handler } = (await import(`./${file}.ts`)) as { readonly handler: APIGatewayProxyHandler & APIGatewayProxyHandlerV2 };
const call = v1 ? callV1(handler) : callV2(handler);

const server = createServer((request, response) => {
  call(request).then(
    ({ status, headers, body }) => {
      response.statusCode = status;
      for (const [name, value] of headers) response.appendHeader(name, value);
      response.end(body);
    },
    (error: unknown) => {
      console.error(error);
      response.writeHead(502, { "content-type": "application/json" }).end('{"message":"Internal server error"}');
    },
  );
});
server.listen(Number(PORT), HOST, () => console.log(`http://${HOST}:${PORT}, ${file}, payload format ${PAYLOAD}`));
process.once("SIGTERM", () => server.close());
