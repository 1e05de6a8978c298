import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { ensureDynamodbTable } from "@holdfast/store-dynamodb";
import { LOCAL_AWS, startDynamodb } from "../../../tools/services/dynamodb.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import type { Server } from "../../../tools/services/server.ts";

export const dynamodbJar = serviceFor("dynamodb", "the lambda example with DynamoDB is");

export interface TableServer extends Pick<Server, "signal" | "stop"> {
  /** How the function finds it. */
  readonly env: Readonly<Record<string, string>>;
}

/** DynamoDB Local with the table that a template would have made. */
export async function startTableServer(jar: string): Promise<TableServer> {
  const server = await startDynamodb(jar);
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = new DynamoDB({ endpoint, region: LOCAL_AWS.AWS_REGION, credentials: { accessKeyId: LOCAL_AWS.AWS_ACCESS_KEY_ID, secretAccessKey: LOCAL_AWS.AWS_SECRET_ACCESS_KEY } });
  await ensureDynamodbTable(client);
  client.destroy();
  return { env: { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint }, signal: server.signal, stop: server.stop };
}
