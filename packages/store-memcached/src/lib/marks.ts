import { randomBytes } from "node:crypto";
import type { SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import type { Kept } from "./rows.ts";

/**
 * One per subject, beside its sessions, which are alive only under the generation they were created in. To end them all is to write another generation.
 * Without the mark they are all over: what memcached forgets signs people out, and never brings an ended session back.
 */
export interface Mark {
  readonly generation: string;
  /** From when on sign-ins count. */
  readonly notBefore: number;
  /** It stays until then, which is longer than any session that needs it. */
  readonly until: number;
  /** What the sessions of earlier generations read as, while it lasts. */
  readonly tombstone?: Tombstone;
  /** The session that was alive, and stayed so, when all others were ended. */
  readonly spared?: SessionId;
}

export const newGeneration = (): string => randomBytes(9).toString("base64url");

export const encodeMark = (mark: Mark): string => JSON.stringify(mark);

/** `undefined` for what is absent, or no mark. */
export function decodeMark(value: string | undefined): Mark | undefined {
  try {
    const mark = JSON.parse(value ?? "null") as Mark | null;
    return typeof mark?.generation === "string" && typeof mark.notBefore === "number" && typeof mark.until === "number" ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the subject's sessions were not all ended since this one was created. */
export const holds = ({ generation, spared }: Mark, { row, generation: own }: Kept): boolean => own === generation || spared === row.id;

/** What a row is under the mark of its subject: a live session, a tombstone, or nothing. */
export function underMark(kept: Kept | undefined, mark: Mark | undefined, now: number): { readonly live: boolean; readonly row: StoredSession } | undefined {
  if (kept === undefined || kept.row.expiresAt <= now) return undefined;
  const { row, state } = kept;
  if (state !== "member") return { live: state === "guest", row };
  if (mark === undefined) return undefined;
  if (holds(mark, kept)) return { live: true, row };
  const { tombstone } = mark;
  return tombstone && tombstone.expiresAt > now ? { live: false, row: { ...row, ...tombstone } } : undefined;
}
