import type { Millis } from "@holdfast/session-protocol";
import type { SessionId, StoredSession } from "../port.ts";
import { fromJson, parseJson, type SessionRecord, toJson } from "../record.ts";
import { isSessionId } from "../token/credential.ts";

/** A session as its seal holds it. */
export interface SealedSession {
  readonly id: SessionId;
  readonly createdAt: Millis;
  readonly seenAt: Millis;
  readonly sealedAt: Millis;
  /** The earlier of the two deadlines, by the policy of the server that sealed it. */
  readonly expiresAt: Millis;
  /** When its rights were last lowered, by the mark that says so; goes on from seal to seal. */
  readonly loweredAt?: Millis | undefined;
  /** Up to when sign-ins of its subject were refused when it began: that mark is none of its own, whatever the clocks say. */
  readonly notBefore?: Millis | undefined;
  readonly record: SessionRecord;
  /** All that was in the seal: what a later release put there goes on from seal to seal. */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
}

/** The claims of RFC 7519 where it has them, in seconds with three decimals, so that any JWT library checks `exp`. Our own times count from the record's `st`. */
interface PayloadJson {
  readonly jti: SessionId;
  readonly iat: number;
  readonly exp: number;
  readonly ca: Millis | undefined;
  readonly sa: Millis;
  readonly lo: Millis | undefined;
  readonly nb: Millis | undefined;
  /** The chain, which names the cookie. Of a ratchet there is nothing else here. */
  readonly c: number;
  readonly r: undefined;
}

/** @throws HoldfastError `invalid_data` for rights that are none */
export function writePayload({ id, createdAt, seenAt, sealedAt, expiresAt, loweredAt, notBefore, record, json }: SealedSession): string {
  const { startedAt, chain } = record;
  const since = (at: Millis | undefined): Millis | undefined => (at === undefined ? undefined : at - startedAt);
  const mine: PayloadJson = { jti: id, iat: sealedAt / 1000, exp: expiresAt / 1000, ca: createdAt - startedAt || undefined, sa: seenAt - startedAt, lo: since(loweredAt), nb: since(notBefore), c: chain.chain, r: undefined };
  return JSON.stringify({ ...json, ...mine, ...toJson(record), r: undefined, w: undefined });
}

/** `null` for what is no session, `newer` for one of a later release. Never throws. */
export function readPayload(text: string): SealedSession | "newer" | null {
  const json = parseJson(text);
  if (!json) return null;
  const { jti, iat, exp, ca = 0, sa, lo, nb, c } = json as unknown as PayloadJson;
  const body = fromJson({ ...json, r: [c, 0, "", "", "", 0, 0] });
  if (body?.kind === "newer") return "newer";
  if (body?.kind !== "live" || !isSessionId(jti) || ![iat, exp, ca, sa, lo ?? 0, nb ?? 0].every(Number.isFinite)) return null;
  const { record } = body;
  const { startedAt } = record;
  const at = (since: Millis | undefined): Millis | undefined => (since === undefined ? undefined : startedAt + since);
  return { id: jti, createdAt: startedAt + ca, seenAt: startedAt + sa, sealedAt: Math.round(iat * 1000), expiresAt: Math.round(exp * 1000), loweredAt: at(lo), notBefore: at(nb), record, json };
}

/** What the engine calls a row. Nothing stores it. */
export const rowOf = ({ id, createdAt, seenAt, expiresAt }: SealedSession): StoredSession => ({ id, revision: 0, writeId: "", createdAt, seenAt, expiresAt, body: "" });
