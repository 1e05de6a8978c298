import type { Partition, SessionId } from "@holdfast/session-core/store";
import { MARKS_KEPT } from "@holdfast/session-core/store-kit";
import type { DynamodbFound, DynamodbItem, DynamodbValue } from "./client.ts";
import { removal, text } from "./rows.ts";

/** What is kept of a subject beside the sessions. */
export interface Mark {
  /** Counts the sign-ins and the endings of all. Absent while there is no mark. */
  readonly version: string | undefined;
  /** Sign-ins that began then or earlier are refused. */
  readonly notBefore: number;
  /** Every live session that has a subject, and some that are over. */
  readonly members: readonly SessionId[];
}

/** No session has this name: ids begin with the partition. */
const NAME = "mark";

export const markKeyOf = (partition: Partition): DynamodbItem => ({ subject: text(partition), id: text(NAME) });

export const isMark = ({ id }: DynamodbFound): boolean => id?.S === NAME;

export function toMark(partition: Partition, item: DynamodbFound = {}): Mark {
  const { version, notBefore, members } = item;
  return {
    version: version?.N,
    notBefore: Number(notBefore?.N ?? Number.NEGATIVE_INFINITY),
    members: (members?.SS ?? []).map((nonce) => `${partition}${nonce}` as SessionId),
  };
}

/** Without the partition, which the key has already. */
export const membersOf = (partition: Partition, ids: readonly SessionId[]): DynamodbValue => ({ SS: ids.map((id) => id.slice(partition.length)) });

/** A mark counts as long as a session may live that is made now. */
export const markRemoval = (now: number): DynamodbValue => removal(now + MARKS_KEPT);
