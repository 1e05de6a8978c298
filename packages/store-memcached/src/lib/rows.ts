import { HoldfastError, type SessionId, type StoredSession } from "@holdfast/session-core/store";

/** A row as memcached has it. */
export interface Kept {
  readonly row: StoredSession;
  /** `member` of a subject's sessions, and subject to its mark; `guest` (auxiliary rows, too); `ended`, a tombstone. */
  readonly state: keyof typeof LETTERS;
  /** Of the subject's mark when the session was created. Empty for a guest. */
  readonly generation: string;
}

const LETTERS = { member: "m", guest: "g", ended: "e" } as const;

/** A letter, then revision, createdAt, seenAt and expiresAt in base 36, generation, writeId and body, with a space between any two. */
const ROW = /^([mge])(\w+) (\w+) (\w+) (\w+) (\S*) (\S*) /;

const digits = (value: number): string => Math.max(0, Math.trunc(value)).toString(36);

/** @throws HoldfastError `invalid_data` */
export function encodeRow({ row, state, generation }: Kept): string {
  const { revision, createdAt, seenAt, expiresAt, writeId, body } = row;
  if (/\s/.test(writeId)) throw new HoldfastError("invalid_data", "A writeId with spaces cannot be kept.");
  return `${LETTERS[state]}${[revision, createdAt, seenAt, expiresAt].map(digits).join(" ")} ${generation} ${writeId} ${body}`;
}

/** `undefined` for what is absent, or no row. */
export function decodeRow(id: SessionId, value: string | undefined): Kept | undefined {
  const [head, letter, revision = "", createdAt = "", seenAt = "", expiresAt = "", generation = "", writeId = ""] = ROW.exec(value ?? "") ?? [];
  if (value === undefined || head === undefined) return undefined;
  const number = (text: string): number => parseInt(text, 36);
  return {
    row: { id, revision: number(revision), writeId, createdAt: number(createdAt), seenAt: number(seenAt), expiresAt: number(expiresAt), body: value.slice(head.length) },
    state: letter === LETTERS.member ? "member" : letter === LETTERS.guest ? "guest" : "ended",
    generation,
  };
}
