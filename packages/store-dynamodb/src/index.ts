export type {
  DynamodbAction,
  DynamodbCall,
  DynamodbClient,
  DynamodbCondition,
  DynamodbFound,
  DynamodbItem,
  DynamodbKey,
  DynamodbPut,
  DynamodbQuery,
  DynamodbUpdate,
  DynamodbValue,
} from "./lib/client.ts";
export { createDynamodbStore, type DynamodbStore, type DynamodbStoreOptions } from "./lib/dynamodb-store.ts";
export { DYNAMODB_TTL, type DynamodbTable, type DynamodbTableClient, dynamodbTable, ensureDynamodbTable } from "./lib/ensure-table.ts";
export type { DynamodbTableOptions } from "./lib/table-name.ts";
