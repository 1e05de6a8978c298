import type { Partition, SessionId, Tombstone } from "@holdfast/session-core/store";
import { end } from "./change.ts";
import type { DynamodbItem, DynamodbUpdate } from "./client.ts";
import { type Mark, markKeyOf, markRemoval, toMark } from "./marks.ts";
import { number } from "./rows.ts";
import { type Table, write } from "./table.ts";

/** Rows that are ended at once. */
const AT_ONCE = 25;

/**
 * First the mark: from then on no sign-in gets through that began before. Whoever got through before it is named by it, seen or not, and is ended by a
 * write to its row, which DynamoDB puts after the transaction that made the row. A query would not do: it may miss what is being written.
 */
export async function endAll(table: Table, partition: Partition, tombstone: Tombstone, except?: SessionId): Promise<{ notBefore: number; ended: SessionId[] }> {
  const { notBefore, members } = await stamp(table, partition);
  const ids = members.filter((id) => id !== except);
  const ended: SessionId[] = [];
  while (ids.length > 0) {
    const some = ids.splice(0, AT_ONCE);
    const outcomes = await Promise.all(some.map((id) => end(table, id, tombstone)));
    ended.push(...some.filter((_, i) => outcomes[i] === "ended"));
  }
  return { notBefore, ended };
}

async function stamp(table: Table, partition: Partition): Promise<Mark> {
  const now = table.clock.now();
  const count = { ":removeAt": markRemoval(now), ":one": number(1) };
  const input = (set: string, condition: string, values: DynamodbItem): DynamodbUpdate => ({
    TableName: table.name,
    Key: markKeyOf(partition),
    UpdateExpression: `SET ${set} ADD version :one`,
    ConditionExpression: condition,
    ExpressionAttributeValues: { ...count, ...values },
  });
  let mark: Mark | undefined;
  const tried = (update: DynamodbUpdate): Promise<boolean> =>
    write(table, async (how) => {
      const { Attributes } = await table.client.updateItem({ ...update, ReturnValues: "ALL_NEW" }, how);
      mark = toMark(partition, Attributes);
    });
  const moved = await tried(input("removeAt = :removeAt, notBefore = :now", "attribute_not_exists(notBefore) OR notBefore <= :now", { ":now": number(now) }));
  // Another server's clock is ahead: its moment counts.
  if (!moved) await tried(input("removeAt = :removeAt", "attribute_exists(notBefore)", {}));
  return mark ?? toMark(partition);
}
