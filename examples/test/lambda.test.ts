import { afterAll, beforeAll, describe } from "vitest";
import { dynamodbJar, startTableServer, type TableServer } from "../lambda/test/table-server.ts";
import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

const PAYLOADS = ["1.0", "2.0"] as const;

for (const payload of PAYLOADS) {
  conforms(`the lambda example, payload format ${payload}`, () => startExample("lambda", ["src/local.ts"], { PAYLOAD: payload }));
}

describe.skipIf(dynamodbJar === undefined)("with DynamoDB [needs dynamodb]", () => {
  let server: TableServer;
  beforeAll(async () => void (server = await startTableServer(dynamodbJar ?? "")));
  afterAll(() => server?.stop());
  for (const payload of PAYLOADS) {
    conforms(`the lambda example with Hono, payload format ${payload}`, () => startExample("lambda", ["src/local.ts"], { ...server.env, HANDLER: "hono", PAYLOAD: payload, STORE_TIMEOUT: "60000" }));
  }
});
