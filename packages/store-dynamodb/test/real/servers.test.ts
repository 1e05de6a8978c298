import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { startDynamodb } from "../../../../tools/services/dynamodb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { dynamodbJar, openAt } from "../support/servers.ts";

describe.skipIf(dynamodbJar === undefined)("DynamoDB Local [needs dynamodb]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startDynamodb(dynamodbJar ?? "")));
  afterAll(() => server?.stop());
  const open = openAt(() => server.port);
  describeServers("DynamoDB Local", open, "caller");
  describeSignIns("DynamoDB Local", open, "caller");
  describeProcesses("DynamoDB Local", open, fileURLToPath(new URL("../support/worker.ts", import.meta.url)));
});
