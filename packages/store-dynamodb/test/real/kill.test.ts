import { testId, testRow } from "@holdfast/store-contract";
import { createDynamodbStore, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { describe, expect, it } from "vitest";
import { startDynamodb } from "../../../../tools/services/dynamodb.ts";
import { type Acknowledged, live } from "../../../store-contract/test/shared/acknowledged.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { connectTo, dynamodbJar } from "../support/servers.ts";

// What DynamoDB itself does when machines die cannot be tried here, and the local engine keeps nothing. What is: the store and its client while the
// engine is gone, and when it is back.
describe.skipIf(dynamodbJar === undefined)("DynamoDB Local that is killed [needs dynamodb]", () => {
  it("under eight writers: all of them reject, nothing reads as absent, and the same client serves again", { timeout: 240_000 }, async () => {
    const server = await startDynamodb(dynamodbJar ?? "");
    const client = connectTo(server.port);
    const store = createDynamodbStore(client);
    try {
      await ensureDynamodbTable(client);
      const acknowledged: Acknowledged = new Map();
      const write = async (): Promise<unknown> => {
        try {
          for (;;) await live(store, acknowledged);
        } catch (fault) {
          return fault;
        }
      };
      const writers = Array.from({ length: 8 }, write);
      await until(() => acknowledged.size > 20);
      await server.signal("SIGKILL");
      for (const fault of await Promise.all(writers)) expect(fault).toBeInstanceOf(Error);
      const [known = testId()] = acknowledged.keys();
      await expect(store.read(known)).rejects.toThrow();
      await server.restart();
      await ensureDynamodbTable(client);
      const row = testRow();
      expect(await store.create(row, { began: row.createdAt })).toEqual({ outcome: "created", evicted: [] });
      expect(await store.read(row.id)).toEqual(row);
    } finally {
      client.destroy();
      await server.stop();
    }
  });
});
