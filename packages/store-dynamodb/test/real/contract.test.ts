import type { AddressInfo } from "node:net";
import type { Server as HttpServer } from "node:http";
import type { DynamoDB } from "@aws-sdk/client-dynamodb";
import type { SessionStore } from "@holdfast/session-core/store";
import { describeStore } from "@holdfast/store-contract";
import { createDynamodbStore, dynamodbTable, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import dynalite from "dynalite";
import { afterAll, beforeAll, describe } from "vitest";
import { startDynamodb } from "../../../../tools/services/dynamodb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { connectTo, dynamodbJar } from "../support/servers.ts";

const CAPABILITIES = { index: true, clock: "caller", durability: "replicated", evicts: false } as const;

describe.skipIf(dynamodbJar === undefined)("the contract on DynamoDB Local [needs dynamodb]", () => {
  let server: Server;
  let client: DynamoDB;
  beforeAll(async () => {
    server = await startDynamodb(dynamodbJar ?? "");
    client = connectTo(server.port);
    await ensureDynamodbTable(client);
  });
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });
  describeStore("DynamoDB Local", async (clock) => ({ store: createDynamodbStore(client, { clock }) }), CAPABILITIES);
});

/** dynalite has no transactions, without which nobody with a subject signs in. What is left is asked of it, as of a second reading of what AWS documents. */
function withoutIndex({ read, create, update, touch, end, delete: remove }: SessionStore): SessionStore {
  return { capabilities: { ...CAPABILITIES, index: false }, read, create, update, touch, end, delete: remove };
}

describe("the contract on dynalite", () => {
  let server: HttpServer;
  let client: DynamoDB;
  beforeAll(async () => {
    server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    client = connectTo((server.address() as AddressInfo).port);
    await client.createTable(dynamodbTable());
  });
  afterAll(async () => {
    client?.destroy();
    await new Promise((resolve) => void server?.close(resolve));
  });
  describeStore("dynalite", async (clock) => ({ store: withoutIndex(createDynamodbStore(client, { clock })) }), { ...CAPABILITIES, index: false });
});
