import { HoldfastError, type SessionId, type StoredSession } from "@holdfast/session-core/store";

/**
 * A row is one string: a letter (`m` member of the index, `g` guest, `e` ended), then revision, createdAt, seenAt and expiresAt in base 36,
 * writeId and body, with a space between any two. Times in base 36 have 8 characters, and scripts compare them without writing any.
 */
const ROW = /^[mge](\w+) (\w+) (\w+) (\w+) (\S*) /;

/** A whole number as the rows have it. */
export const digits = (value: number): string => Math.max(0, Math.trunc(value)).toString(36);

/** What updates replace: writeId and body. */
export function content({ writeId, body }: { readonly writeId: string; readonly body: string }): string {
  if (/\s/.test(writeId)) throw new HoldfastError("invalid_data", "A writeId with spaces cannot be kept.");
  return `${writeId} ${body}`;
}

export const encodeRow = (flag: "m" | "g", row: StoredSession): string =>
  `${flag}${digits(row.revision)} ${digits(row.createdAt)} ${digits(row.seenAt)} ${digits(row.expiresAt)} ${content(row)}`;

/** `null` for what is absent, or no row. */
export function decodeRow(id: SessionId, value: unknown): StoredSession | null {
  if (typeof value !== "string") return null;
  const [head, revision = "", createdAt = "", seenAt = "", expiresAt = "", writeId = ""] = ROW.exec(value) ?? [];
  if (head === undefined) return null;
  return {
    id,
    revision: parseInt(revision, 36),
    writeId,
    createdAt: parseInt(createdAt, 36),
    seenAt: parseInt(seenAt, 36),
    expiresAt: parseInt(expiresAt, 36),
    body: value.slice(head.length),
  };
}
