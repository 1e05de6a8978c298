import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { createHonoShop } from "@holdfast/examples-shared/hono";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import { createDynamodbStore } from "@holdfast/store-dynamodb";
import { handle } from "hono/aws-lambda";

// Outside the handler, so that they live as long as the instance of the function. Region and credentials are those of its role.
const { SESSIONS_TABLE: table = "holdfast_sessions", STORE_TIMEOUT = "3000" } = process.env;
const storeTimeout = Number(STORE_TIMEOUT);
// The client tries three times.
const client = new DynamoDB({ requestHandler: { connectionTimeout: storeTimeout / 3, requestTimeout: storeTimeout / 3, throwOnRequestTimeout: true } });
const sessions = createShopSessions({ store: createDynamodbStore(client, { table }), storeTimeout });

/** For both payload formats, with Hono and its adapter, and sessions in DynamoDB. */
export const handler = handle(createHonoShop(sessions));
