import { createDynamodbStore, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { afterAll, beforeAll, describe } from "vitest";
import { startDynamodb } from "../../../../tools/services/dynamodb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeNetwork, GONE, type Reach } from "../../../store-contract/test/shared/network.ts";
import { between } from "../support/between.ts";
import { connectTo, dynamodbJar } from "../support/servers.ts";

const reach: Reach = async (port, maxSockets) => {
  const client = connectTo(port, { maxSockets, timeout: GONE });
  await ensureDynamodbTable(client);
  let armed: (() => void) | undefined;
  // A sign-in asks before it writes.
  const watched = between(client, (name, input, send) => {
    if (name !== "getItem" && name !== "query") {
      armed?.();
      armed = undefined;
    }
    return send(input);
  });
  return { store: createDynamodbStore(watched), beforeWrite: (call) => void (armed = call), close: async () => client.destroy() };
};

describe.skipIf(dynamodbJar === undefined)("[needs dynamodb]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startDynamodb(dynamodbJar ?? "")));
  afterAll(() => server?.stop());
  describeNetwork("DynamoDB Local", () => server.port, reach);
});
