import type { Clock, SessionId } from "@holdfast/session-core/store";
import { heed } from "@holdfast/session-core/store-kit";
import { outcomeOf, untilAnswered } from "./attempts.ts";
import type { DynamodbClient, DynamodbFound, DynamodbItem, DynamodbUpdate } from "./client.ts";
import { type Kept, keyOf, number, text, toKept } from "./rows.ts";

/** The table, as one call sees it: until its deadline. */
export interface Table {
  readonly name: string;
  readonly client: DynamodbClient;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** New values of a live row. */
export interface Change {
  readonly set: DynamodbItem;
  /** What has to hold beside that it lives, with names of values of `set` and `values`. */
  readonly when?: string;
  readonly values?: DynamodbItem;
  /** Where the write was refused: whether this row is what it was to make. Then the client sent it twice, because the first answer was lost. */
  readonly done?: (row: Kept) => boolean;
}

/** In an expression: nothing is there, or nothing that has not expired. */
export const FREE = "attribute_not_exists(id) OR expiresAt <= :now";
const LIVE = "kind <> :ended AND expiresAt > :now";

export const nowOf = (clock: Clock): DynamodbItem => ({ ":now": number(clock.now()) });

/** For an update alone or in a transaction. */
export function updateOf({ name, clock }: Table, id: SessionId, { set, when, values }: Change): DynamodbUpdate {
  const names = Object.keys(set);
  return {
    TableName: name,
    Key: keyOf(id),
    UpdateExpression: `SET ${names.map((each) => `${each} = :${each}`).join(", ")}`,
    ConditionExpression: when === undefined ? LIVE : `${LIVE} AND ${when}`,
    ExpressionAttributeValues: { ...Object.fromEntries(names.map((each) => [`:${each}`, set[each] ?? text("")])), ...values, ":ended": text("ended"), ...nowOf(clock) },
  };
}

/** Runs one call of the client; rejects with the signal's reason once it fires. */
export function call<T>({ signal }: Table, run: (how: { readonly abortSignal?: AbortSignal }) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  return heed(signal, run(signal ? { abortSignal: signal } : {}));
}

/** A write that may meet a transaction: whether its condition held. */
export const write = (table: Table, run: (how: { readonly abortSignal?: AbortSignal }) => Promise<unknown>): Promise<boolean> =>
  untilAnswered(table.clock, table.signal, () => outcomeOf(call(table, run)));

/** A row or tombstone that has not expired. */
export async function look(table: Table, id: SessionId): Promise<Kept | undefined> {
  const { name, client, clock } = table;
  const { Item } = await call(table, (how) => client.getItem({ TableName: name, Key: keyOf(id), ConsistentRead: true }, how));
  const found = Item && toKept(Item);
  return found && found.expiresAt > clock.now() ? found : undefined;
}

/** Every item of a subject. A query ends after a megabyte, so there may be several. */
export async function itemsOf(table: Table, partition: string, narrow: { readonly ProjectionExpression?: string; readonly FilterExpression?: string; readonly values?: DynamodbItem }): Promise<DynamodbFound[]> {
  const { name, client } = table;
  const { values, ...narrower } = narrow;
  const items: DynamodbFound[] = [];
  for (let next: DynamodbItem | undefined, more = true; more; more = next !== undefined) {
    const input = {
      TableName: name,
      ConsistentRead: true,
      KeyConditionExpression: "subject = :subject",
      ExpressionAttributeValues: { ":subject": text(partition), ...values },
      ...narrower,
      ...(next && { ExclusiveStartKey: next }),
    } as const;
    const { Items = [], LastEvaluatedKey } = await call(table, (how) => client.query(input, how));
    items.push(...Items);
    const id = LastEvaluatedKey?.["id"]?.S;
    next = id === undefined ? undefined : { subject: text(partition), id: text(id) };
  }
  return items;
}
