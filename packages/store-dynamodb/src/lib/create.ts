import type { CreateGuard, CreateResult, SessionId, StoredSession } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { outcomeOf, untilAnswered } from "./attempts.ts";
import type { DynamodbAction } from "./client.ts";
import { isMark, markKeyOf, markRemoval, membersOf, toMark } from "./marks.ts";
import { keyOf, number, stoneOf, toHead, toItem } from "./rows.ts";
import { type Plan, planOf } from "./sign-in.ts";
import { call, FREE, itemsOf, nowOf, type Table, updateOf, write } from "./table.ts";

/** Of a guest, or an auxiliary row. */
export async function createAlone(table: Table, row: StoredSession): Promise<CreateResult> {
  const put = { TableName: table.name, Item: toItem(row, "guest"), ConditionExpression: FREE, ExpressionAttributeValues: nowOf(table.clock) };
  const created = await write(table, (how) => table.client.putItem(put, how));
  return { outcome: created ? "created" : "exists", evicted: [] };
}

/**
 * Of a session with a subject: looks at all that the subject has, decides, and writes in one transaction that holds only if no other sign-in and no
 * ending of all came in between.
 */
export function createGuarded(table: Table, row: StoredSession, guard: CreateGuard): Promise<CreateResult> {
  const partition = partitionOf(row.id);
  const evicted: SessionId[] = [];
  return untilAnswered(table.clock, table.signal, async () => {
    const items = await itemsOf(table, partition, { ProjectionExpression: "id, kind, createdAt, expiresAt, version, notBefore, members" });
    const mark = toMark(partition, items.find(isMark));
    const rows = items.flatMap((item) => toHead(item) ?? []);
    const plan = planOf({ mark, rows }, row, guard, table.clock.now());
    if (typeof plan === "string") return { outcome: plan, evicted };
    const TransactItems = actionsOf(table, plan, mark.version, row, guard);
    const done = await outcomeOf(call(table, (how) => table.client.transactWriteItems({ TransactItems }, how)));
    if (!done) return undefined;
    evicted.push(...plan.evict);
    return plan.outcome === "created" ? { outcome: plan.outcome, evicted } : undefined;
  });
}

function actionsOf(table: Table, plan: Plan, version: string | undefined, row: StoredSession, { limit, replaces }: CreateGuard): DynamodbAction[] {
  const { name: TableName, clock } = table;
  const partition = partitionOf(row.id);
  const mark: DynamodbAction = {
    Update: {
      TableName,
      Key: markKeyOf(partition),
      UpdateExpression: "SET removeAt = :removeAt, members = :members ADD version :one",
      ConditionExpression: version === undefined ? "attribute_not_exists(version)" : "version = :version",
      ExpressionAttributeValues: {
        ":removeAt": markRemoval(clock.now()),
        ":one": number(1),
        ":members": membersOf(partition, plan.members),
        ...(version !== undefined && { ":version": { N: version } }),
      },
    },
  };
  const actions: DynamodbAction[] = [mark];
  if (plan.outcome === "created") actions.push({ Put: { TableName, Item: toItem(row, "member"), ConditionExpression: FREE, ExpressionAttributeValues: nowOf(clock) } });
  if (replaces && plan.replace) actions.push({ Update: updateOf(table, plan.replace, { set: stoneOf(replaces.tombstone) }) });
  if (limit) for (const id of plan.evict) actions.push({ Update: updateOf(table, id, { set: stoneOf(limit.tombstone) }) });
  for (const id of plan.absent) actions.push({ ConditionCheck: { TableName, Key: keyOf(id), ConditionExpression: "attribute_not_exists(id)" } });
  return actions;
}
