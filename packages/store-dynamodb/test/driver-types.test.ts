import type { DynamoDB, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamodbClient, DynamodbTableClient } from "@holdfast/store-dynamodb";
import { expectTypeOf, it } from "vitest";

// Checked by `tsc`; at run time these calls do nothing.
it("a DynamoDB of the SDK has all the methods, a DynamoDBClient has none of them", () => {
  expectTypeOf<DynamoDB>().toExtend<DynamodbClient & DynamodbTableClient>();
  expectTypeOf<DynamoDBClient>().not.toExtend<DynamodbClient>();
});
