import type { Partition, SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HOUR = 3_600_000;

function random(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** 12 random characters: a subject that no other case uses. */
export const testPartition = (): Partition => random(12) as Partition;

/** A random id of the partition; default: of a partition of its own. */
export const testId = (partition: Partition = testPartition()): SessionId => `${partition}${random(12)}` as SessionId;

export const testWriteId = (): string => random(16);

/** A row as core writes it at creation, with an hour to live from `now` on (default: the system's present). */
export function testRow(overrides: Partial<StoredSession> = {}, now: number = Date.now()): StoredSession {
  return {
    id: testId(),
    revision: 0,
    writeId: testWriteId(),
    createdAt: now,
    seenAt: now,
    expiresAt: now + HOUR,
    body: "live",
    ...overrides,
  };
}

/** A tombstone with ten minutes to be read from `now` on (default: the system's present). */
export function testTombstone(overrides: Partial<Tombstone> = {}, now: number = Date.now()): Tombstone {
  return { writeId: testWriteId(), expiresAt: now + HOUR / 6, body: "ended", ...overrides };
}
