import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { createDynamodbStore, type DynamodbStoreOptions, ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";

export const dynamodbJar = serviceFor("dynamodb", "the DynamoDB store is");

/** A client of a local engine, which believes every key. */
export function connectTo(port: number, { maxSockets = 50, timeout = 60_000 } = {}): DynamoDB {
  return new DynamoDB({
    endpoint: `http://127.0.0.1:${port}`,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    requestHandler: { connectionTimeout: timeout, requestTimeout: timeout, throwOnRequestTimeout: true, httpAgent: { maxSockets } },
  });
}

/** Each connection is a server of the application with a client of its own. */
export const openAt = (port: () => number): OpenEngine => async () => ({
  address: String(port()),
  async connect(clock) {
    return open(port(), clock && { clock });
  },
  remove: async () => undefined,
});

export async function open(port: number, options: DynamodbStoreOptions = {}) {
  const client = connectTo(port);
  await ensureDynamodbTable(client);
  return { client, store: createDynamodbStore(client, options), close: async () => client.destroy() };
}
