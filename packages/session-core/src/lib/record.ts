import type { EndedReason, Millis } from "@holdfast/session-protocol";
import { HoldfastError } from "./errors.ts";
import type { Marks } from "./signals/sight.ts";
import type { PendingChain } from "./token/elevation.ts";
import type { Chain } from "./token/ratchet.ts";

/** A live session as the store's `body` holds it. Times of the row (created, seen, expires) stay in the row. */
export interface SessionRecord {
  readonly chain: Chain;
  readonly pending: PendingChain | undefined;
  readonly subject: string | undefined;
  /** From when the absolute limit counts: sign-in, or the last re-authentication. */
  readonly startedAt: Millis;
  readonly authenticatedAt: Millis;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  readonly device: string | undefined;
  /** Whether it outlives the browser, where the policy (still) has limits for that. */
  readonly remember: boolean;
  /** It idled out, and waits to be resumed: dead for everything else. */
  readonly lapsed: boolean;
  /** What the sign-in showed of its sender, where signals are on. */
  readonly marks: Marks | undefined;
  /** The application's data as JSON value, and the version of its shape. */
  readonly data: unknown;
  readonly dataVersion: number;
  /** The last writes, the newest first: who finds the own among them after a lost answer has nothing left to do. */
  readonly writes: readonly string[];
  /** How often everything had been revoked when the session was created; absent for never. */
  readonly epoch?: number | undefined;
}

/** Why a row is a tombstone. `replaced`: a sign-in of the same browser took its place. */
export type TombstoneReason = EndedReason | "replaced";

/** The application's data and the version of its shape. */
export type Stored = Pick<SessionRecord, "data" | "dataVersion">;

export type Body =
  | { readonly kind: "live"; readonly record: SessionRecord }
  /** `left`: what a guest had when a sign-in took its place. */
  | { readonly kind: "ended"; readonly reason: TombstoneReason; readonly left: Stored | undefined }
  /** Written by a later release. */
  | { readonly kind: "newer" };

const FORMAT = 1;
export const REASONS: readonly string[] = ["idle", "absolute", "revoked", "reuse", "logout", "replaced"] satisfies TombstoneReason[];

interface ChainJson {
  c: number;
  k: string;
  n: number;
  h: string;
  x: string;
  p: Millis;
  q: Millis;
}

interface PendingJson extends ChainJson {
  ac?: string;
  am: readonly string[];
  au: Millis;
  st?: Millis;
  sg?: Marks;
}

interface RecordJson {
  v: typeof FORMAT;
  r: ChainJson;
  e?: PendingJson;
  s?: string;
  st: Millis;
  au: Millis;
  ac?: string;
  am: readonly string[];
  dl?: string;
  rm?: true;
  la?: true;
  sg?: Marks;
  d: unknown;
  dv: number;
  w?: readonly string[];
  ep?: number;
}

export const endedBody = (reason: TombstoneReason, left?: Stored): string => JSON.stringify({ v: FORMAT, ended: reason, d: left?.data, dv: left?.dataVersion });

/** @throws HoldfastError `invalid_data` for rights that are none */
export function writeBody(record: SessionRecord): string {
  const { pending } = record;
  const json: Record<keyof RecordJson, unknown> = {
    v: FORMAT,
    r: chainToJson(record.chain),
    e: pending && { ...chainToJson(pending), ...rightsToJson(pending), st: pending.startedAt, sg: pending.marks },
    s: record.subject,
    st: record.startedAt,
    ...rightsToJson(record),
    dl: record.device,
    rm: record.remember || undefined,
    la: record.lapsed || undefined,
    sg: record.marks,
    d: record.data,
    dv: record.dataVersion,
    w: record.writes,
    ep: record.epoch || undefined,
  };
  return JSON.stringify(json);
}

/** `null` for a body that is not ours or damaged. Never throws. */
export function readBody(body: string): Body | null {
  const json = parse(body);
  if (!json) return null;
  const { v, ended, d, dv } = json;
  if (v !== FORMAT) return Number.isSafeInteger(v) && Number(v) > FORMAT ? { kind: "newer" } : null;
  if (typeof ended === "string") {
    return REASONS.includes(ended) ? { kind: "ended", reason: ended as TombstoneReason, left: isNumber(dv) ? { data: d, dataVersion: dv } : undefined } : null;
  }
  // Only this module writes bodies, yet a damaged one must not pass: a subject that is null would make a guest an account.
  const live = json as unknown as RecordJson;
  const chain = chainFromJson(live.r);
  const pending = live.e === undefined ? undefined : pendingFromJson(live.e, live.st);
  const whole = isNumber(live.st) && isNumber(live.dv) && isNumber(live.ep ?? 0) && isOptionalText(live.s) && live.s !== "" && isOptionalText(live.dl) && hasRights(live);
  if (!chain || pending === null || !whole) return null;
  const record: SessionRecord = {
    chain,
    pending,
    subject: live.s,
    startedAt: live.st,
    authenticatedAt: live.au,
    acr: live.ac,
    // Remembered, and shown to the application: what one request does to it must not reach the next.
    amr: Object.freeze(live.am),
    device: live.dl,
    remember: live.rm === true,
    lapsed: live.la === true,
    marks: live.sg,
    data: live.d,
    dataVersion: live.dv,
    writes: Array.isArray(live.w) ? live.w : [],
    epoch: live.ep,
  };
  return { kind: "live", record };
}

function parse(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isText = (value: unknown): boolean => typeof value === "string";
const isOptionalText = (value: unknown): boolean => value === undefined || isText(value);
const hasRights = ({ ac, am, au }: { ac?: unknown; am: unknown; au: unknown }): boolean => isOptionalText(ac) && Array.isArray(am) && am.every(isText) && isNumber(au);

/** @throws HoldfastError `invalid_data` for what could not be read again */
function rightsToJson({ acr: ac, amr: am, authenticatedAt: au }: Pick<SessionRecord, "acr" | "amr" | "authenticatedAt">): { readonly ac: unknown; readonly am: unknown; readonly au: unknown } {
  const json = { ac, am, au };
  if (!hasRights(json)) throw new HoldfastError("invalid_data", "acr must be text, and amr a list of texts.");
  return json;
}

const chainToJson = (chain: Chain): ChainJson => ({
  c: chain.chain,
  k: chain.chainKey,
  n: chain.step,
  h: chain.hash,
  x: chain.nextHash,
  p: chain.promotedAt,
  q: chain.promotedBefore,
});

function chainFromJson(json: ChainJson | undefined): Chain | null {
  if (!json || !isText(json.k) || !isText(json.h) || !isText(json.x)) return null;
  if (!isNumber(json.c) || !isNumber(json.n) || !isNumber(json.p) || !isNumber(json.q)) return null;
  return { chain: json.c, chainKey: json.k, step: json.n, hash: json.h, nextHash: json.x, promotedAt: json.p, promotedBefore: json.q };
}

function pendingFromJson(json: PendingJson, before: Millis): PendingChain | null {
  const chain = chainFromJson(json);
  if (!chain || !hasRights(json) || (json.st !== undefined && !isNumber(json.st))) return null;
  return { ...chain, acr: json.ac, amr: Object.freeze(json.am), authenticatedAt: json.au, startedAt: json.st ?? before, marks: json.sg };
}
