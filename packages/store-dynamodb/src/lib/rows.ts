import { HoldfastError, type SessionId, type StoredSession, type Tombstone } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import type { DynamodbFound, DynamodbItem, DynamodbValue } from "./client.ts";

/** `member` of a subject's sessions; `guest`, auxiliary rows too; `ended`, a tombstone. */
export type Kind = "member" | "guest" | "ended";

/** What a row is, without what is in it. */
export interface Head extends Pick<StoredSession, "id" | "createdAt" | "expiresAt"> {
  readonly kind: Kind;
}

/** A row as the table has it. */
export interface Kept extends StoredSession, Head {}

export const text = (value: string): DynamodbValue => ({ S: value });
export const number = (value: number): DynamodbValue => ({ N: String(value) });

/** Of an item; DynamoDB counts its names and everything beside the body, too: far less than a kilobyte. */
const LARGEST_BODY = 399 * 1024;

/** @throws HoldfastError `data_too_large` for what DynamoDB would refuse (an item has 400 KB at most) */
export function bodyOf(body: string): DynamodbValue {
  if (body.length * 3 > LARGEST_BODY && new TextEncoder().encode(body).length > LARGEST_BODY) {
    throw new HoldfastError("data_too_large", "The row is larger than the 400 KB of a DynamoDB item; nothing was written.");
  }
  return text(body);
}

/** For so long in ms what has expired is kept in mind, because the clocks of servers differ. It is absent all the same. */
export const GRACE = 3_600_000;

/** DynamoDB takes items away by their number of seconds, some time after it. */
export const removal = (expiresAt: number): DynamodbValue => number(Math.ceil((expiresAt + GRACE) / 1000));

export const deadlineOf = (expiresAt: number): DynamodbItem => ({ expiresAt: number(expiresAt), removeAt: removal(expiresAt) });

export const keyOf = (id: SessionId): DynamodbItem => ({ subject: text(partitionOf(id)), id: text(id) });

export const toItem = ({ id, revision, writeId, createdAt, seenAt, expiresAt, body }: StoredSession, kind: Kind): DynamodbItem => ({
  ...keyOf(id),
  kind: text(kind),
  revision: number(revision),
  writeId: text(writeId),
  createdAt: number(createdAt),
  seenAt: number(seenAt),
  ...deadlineOf(expiresAt),
  body: bodyOf(body),
});

/** What becomes of a row that ends. */
export const stoneOf = ({ writeId, expiresAt, body }: Tombstone): DynamodbItem => ({ kind: text("ended"), writeId: text(writeId), ...deadlineOf(expiresAt), body: bodyOf(body) });

/** `undefined` for what is no row: the mark of a subject, or what somebody else wrote. */
export function toHead({ id, kind, createdAt, expiresAt }: DynamodbFound): Head | undefined {
  const known = kind?.S === "member" || kind?.S === "guest" || kind?.S === "ended";
  if (id?.S === undefined || !known || createdAt?.N === undefined || expiresAt?.N === undefined) return undefined;
  return { id: id.S as SessionId, kind: kind.S as Kind, createdAt: Number(createdAt.N), expiresAt: Number(expiresAt.N) };
}

export function toKept(item: DynamodbFound): Kept | undefined {
  const head = toHead(item);
  const { revision, writeId, seenAt, body } = item;
  if (!head || revision?.N === undefined || writeId?.S === undefined || seenAt?.N === undefined || body?.S === undefined) return undefined;
  return { ...head, revision: Number(revision.N), writeId: writeId.S, seenAt: Number(seenAt.N), body: body.S };
}

export const toSession = ({ id, revision, writeId, createdAt, seenAt, expiresAt, body }: Kept): StoredSession => ({ id, revision, writeId, createdAt, seenAt, expiresAt, body });
