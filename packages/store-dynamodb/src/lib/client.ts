/** A value as the low-level API has it: text, a number as text, a set of texts. */
export type DynamodbValue = { S: string } | { N: string } | { SS: string[] };

export type DynamodbItem = Record<string, DynamodbValue>;

/** What comes back; attributes of other kinds are none of ours. */
export type DynamodbFound = Readonly<Record<string, { readonly S?: string | undefined; readonly N?: string | undefined; readonly SS?: readonly string[] | undefined }>>;

export interface DynamodbKey {
  TableName: string;
  Key: DynamodbItem;
}

export interface DynamodbCondition {
  ConditionExpression: string;
  ExpressionAttributeValues: DynamodbItem;
}

export interface DynamodbPut extends DynamodbCondition {
  TableName: string;
  Item: DynamodbItem;
}

export interface DynamodbUpdate extends DynamodbKey, DynamodbCondition {
  UpdateExpression: string;
}

export type DynamodbAction =
  | { Put: DynamodbPut }
  | { Update: DynamodbUpdate }
  | { ConditionCheck: DynamodbKey & Pick<DynamodbCondition, "ConditionExpression"> };

export interface DynamodbCall {
  readonly abortSignal?: AbortSignal;
}

/**
 * The six methods of a client that are used: `new DynamoDB()` of `@aws-sdk/client-dynamodb` has them. Faults reject with the `name` that
 * DynamoDB gives them.
 */
export interface DynamodbClient {
  getItem(input: DynamodbKey & { ConsistentRead: true }, call: DynamodbCall): Promise<{ readonly Item?: DynamodbFound | undefined }>;
  putItem(input: DynamodbPut, call: DynamodbCall): Promise<unknown>;
  updateItem(input: DynamodbUpdate & { ReturnValues?: "ALL_NEW" }, call: DynamodbCall): Promise<{ readonly Attributes?: DynamodbFound | undefined }>;
  deleteItem(input: DynamodbKey, call: DynamodbCall): Promise<unknown>;
  query(input: DynamodbQuery, call: DynamodbCall): Promise<{ readonly Items?: readonly DynamodbFound[] | undefined; readonly LastEvaluatedKey?: DynamodbFound | undefined }>;
  transactWriteItems(input: { TransactItems: DynamodbAction[] }, call: DynamodbCall): Promise<unknown>;
}

export interface DynamodbQuery {
  TableName: string;
  ConsistentRead: true;
  KeyConditionExpression: string;
  ExpressionAttributeValues: DynamodbItem;
  FilterExpression?: string;
  ProjectionExpression?: string;
  ExclusiveStartKey?: DynamodbItem;
}
