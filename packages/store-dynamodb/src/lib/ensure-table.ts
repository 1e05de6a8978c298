import { type Clock, HoldfastError, systemClock } from "@holdfast/session-core/store";
import { type DynamodbTableOptions, tableName } from "./table-name.ts";

/** What `CreateTable` takes. For a template of CloudFormation, CDK or Terraform the same, and time to live on {@link DYNAMODB_TTL}. */
export interface DynamodbTable {
  TableName: string;
  BillingMode: "PAY_PER_REQUEST";
  AttributeDefinitions: { AttributeName: string; AttributeType: "S" }[];
  KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
}

/** The attribute from which DynamoDB removes what is over. */
export const DYNAMODB_TTL = "removeAt";

/** The methods of `new DynamoDB()` that make a table. */
export interface DynamodbTableClient {
  describeTable(input: { TableName: string }): Promise<Described>;
  createTable(input: DynamodbTable): Promise<unknown>;
  describeTimeToLive(input: { TableName: string }): Promise<{
    readonly TimeToLiveDescription?: { readonly TimeToLiveStatus?: string | undefined; readonly AttributeName?: string | undefined } | undefined;
  }>;
  updateTimeToLive(input: { TableName: string; TimeToLiveSpecification: { Enabled: true; AttributeName: string } }): Promise<unknown>;
}

interface Described {
  readonly Table?: { readonly TableStatus?: string | undefined; readonly KeySchema?: readonly { readonly AttributeName: string | undefined }[] | undefined } | undefined;
}

/** The table of the store: the subject as hash key, the id as sort key, paid by the request. */
export function dynamodbTable(options: DynamodbTableOptions = {}): DynamodbTable {
  return {
    TableName: tableName(options),
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "subject", AttributeType: "S" },
      { AttributeName: "id", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "subject", KeyType: "HASH" },
      { AttributeName: "id", KeyType: "RANGE" },
    ],
  };
}

/** DynamoDB makes a table in some ten seconds. */
const LOOKS = 120;
const BETWEEN = 500;

/**
 * Makes the table if it is missing, waits until it can be used, and turns on the removal of what is over. Several servers may do it at once. Where the
 * application shall not have that right, make {@link dynamodbTable} otherwise.
 * @throws HoldfastError `config` for a table with other keys, or with time to live on another attribute
 */
export async function ensureDynamodbTable(client: DynamodbTableClient, options: DynamodbTableOptions & { readonly clock?: Clock } = {}): Promise<void> {
  const table = dynamodbTable(options);
  await made(client, table, options.clock ?? systemClock);
  if (await expires(client, table)) return;
  await client.updateTimeToLive({ TableName: table.TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: DYNAMODB_TTL } }).catch(async (fault: unknown) => {
    // Another server was faster.
    if (!(await expires(client, table))) throw fault;
  });
}

async function made(client: DynamodbTableClient, table: DynamodbTable, clock: Clock): Promise<void> {
  const { TableName, KeySchema } = table;
  for (let look = 0; look < LOOKS; look++) {
    const { Table } = await client.describeTable({ TableName }).catch(unless<Described>("ResourceNotFoundException", {}));
    if (Table?.TableStatus === "ACTIVE" || Table?.TableStatus === "UPDATING") {
      const keys = Table.KeySchema?.map(({ AttributeName }) => AttributeName);
      if (keys?.join() !== KeySchema.map(({ AttributeName }) => AttributeName).join()) {
        throw wrongTable(`${TableName} has other keys than subject and id. Give the sessions a table of their own.`);
      }
      return;
    }
    if (Table === undefined) await client.createTable(table).catch(unless("ResourceInUseException", undefined));
    await clock.wait(BETWEEN);
  }
  throw new HoldfastError("unavailable", `The table ${TableName} is not ready yet.`);
}

/** Whether removal is on, or about to be. */
async function expires(client: DynamodbTableClient, { TableName }: DynamodbTable): Promise<boolean> {
  const { TimeToLiveDescription: { TimeToLiveStatus = "", AttributeName } = {} } = await client.describeTimeToLive({ TableName });
  if (!TimeToLiveStatus.startsWith("ENABL")) return false;
  if (AttributeName !== DYNAMODB_TTL) throw wrongTable(`${TableName} has time to live on ${String(AttributeName)}; it must be on ${DYNAMODB_TTL}.`);
  return true;
}

const wrongTable = (problem: string): HoldfastError => new HoldfastError("config", `table: ${problem}`, { option: "table" });

const unless =
  <T>(name: string, instead: T) =>
  (fault: unknown): T => {
    if ((fault as { readonly name?: unknown } | null)?.name === name) return instead;
    throw fault;
  };
