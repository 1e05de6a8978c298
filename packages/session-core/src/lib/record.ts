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
  /** The key that the session is bound to, as session-core/bound writes it. A sign-in begins without one, and no elevation changes it. */
  readonly key?: string | undefined;
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

/** Times count from the record's `st`, which costs a digit or two instead of thirteen. */
type ChainJson = readonly [chain: number, step: number, chainKey: string, hash: string, nextHash: string, promoted: Millis, before: Millis];

/** `am` absent for none, `au` for the same moment as `st`. */
interface RightsJson {
  ac: string | undefined;
  am: readonly string[] | undefined;
  au: Millis | undefined;
  sg: Marks | undefined;
}

interface PendingJson extends RightsJson {
  r: ChainJson;
  st?: Millis;
}

interface RecordJson extends RightsJson {
  v: typeof FORMAT;
  r: ChainJson;
  e?: PendingJson;
  s?: string;
  st: Millis;
  dl?: string;
  rm?: true;
  la?: true;
  d: unknown;
  /** Absent for 1, which is the version of who names none. */
  dv?: number;
  w?: readonly string[];
  ep?: number;
  k?: string;
}

export const endedBody = (reason: TombstoneReason, left?: Stored): string => JSON.stringify({ v: FORMAT, ended: reason, d: left?.data, dv: left?.dataVersion });

/** @throws HoldfastError `invalid_data` for rights that are none */
export const writeBody = (record: SessionRecord): string => JSON.stringify(toJson(record));

export function toJson(record: SessionRecord): object {
  const { pending, startedAt: st, dataVersion, writes } = record;
  return {
    v: FORMAT,
    r: chainToJson(record.chain, st),
    e: pending && { r: chainToJson(pending, st), st: pending.startedAt - st || undefined, ...rightsToJson(pending, st) },
    s: record.subject,
    st,
    ...rightsToJson(record, st),
    dl: record.device,
    rm: record.remember || undefined,
    la: record.lapsed || undefined,
    d: record.data,
    dv: dataVersion === 1 ? undefined : dataVersion,
    w: writes.length > 0 ? writes : undefined,
    ep: record.epoch || undefined,
    k: record.key,
  } satisfies Record<keyof RecordJson, unknown>;
}

/** `null` for a body that is not ours or damaged. Never throws. */
export function readBody(body: string): Body | null {
  const json = parseJson(body);
  return json && fromJson(json);
}

export function fromJson(json: Readonly<Record<string, unknown>>): Body | null {
  const { v, ended, d, dv } = json;
  if (v !== FORMAT) return Number.isSafeInteger(v) && Number(v) > FORMAT ? { kind: "newer" } : null;
  if (typeof ended === "string") {
    return REASONS.includes(ended) ? { kind: "ended", reason: ended as TombstoneReason, left: areNumbers([dv]) ? { data: d, dataVersion: dv as number } : undefined } : null;
  }
  // Only this module writes bodies, yet a damaged one must not pass: a subject that is null would make a guest an account.
  const live = json as unknown as RecordJson;
  const { st, s: subject = "-", dl: device = "", dv: dataVersion = 1, ep = 0, k = "" } = live;
  if (!areNumbers([st, dataVersion, ep]) || !areTexts([subject, device, k]) || !subject) return null;
  const chain = chainFromJson(live.r, st);
  const rights = rightsFromJson(live, st);
  const pending = live.e === undefined ? undefined : pendingFromJson(Object(live.e), st);
  if (!chain || !rights || pending === null) return null;
  const record: SessionRecord = {
    ...rights,
    chain,
    pending,
    subject: live.s,
    startedAt: st,
    device: live.dl,
    remember: live.rm === true,
    lapsed: live.la === true,
    data: live.d,
    dataVersion,
    writes: Array.isArray(live.w) ? live.w : [],
    epoch: live.ep,
    key: live.k,
  };
  return { kind: "live", record };
}

export function parseJson(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const areNumbers = (values: readonly unknown[]): boolean => values.every(Number.isFinite);
const areTexts = (values: readonly unknown[]): boolean => values.every((value) => typeof value === "string");
const areRights = (amr: unknown, acr: unknown = ""): boolean => Array.isArray(amr) && areTexts([acr, ...amr]);

type RecordRights = Pick<SessionRecord, "acr" | "amr" | "authenticatedAt" | "marks">;

/** @throws HoldfastError `invalid_data` for what could not be read again */
function rightsToJson({ acr, amr, authenticatedAt, marks }: RecordRights, from: Millis): RightsJson {
  if (!areRights(amr, acr)) throw new HoldfastError("invalid_data", "acr must be text, and amr a list of texts.");
  return { ac: acr, am: amr.length > 0 ? amr : undefined, au: authenticatedAt - from || undefined, sg: marks };
}

function rightsFromJson({ ac, am = [], au = 0, sg }: RightsJson, from: Millis): RecordRights | null {
  if (!areRights(am, ac) || !areNumbers([au])) return null;
  // The list is remembered, and shown to the application: what one request does to it must not reach the next.
  return { acr: ac, amr: Object.freeze(am), authenticatedAt: from + au, marks: sg };
}

const chainToJson = ({ chain, step, chainKey, hash, nextHash, promotedAt, promotedBefore }: Chain, from: Millis): ChainJson => [chain, step, chainKey, hash, nextHash, promotedAt - from, promotedBefore - from];

function chainFromJson(json: ChainJson | undefined, from: Millis): Chain | null {
  if (!Array.isArray(json)) return null;
  const [chain, step, chainKey, hash, nextHash, promoted, before] = json as ChainJson;
  if (!areTexts([chainKey, hash, nextHash]) || !areNumbers([chain, step, promoted, before])) return null;
  return { chain, chainKey, step, hash, nextHash, promotedAt: from + promoted, promotedBefore: from + before };
}

function pendingFromJson(json: PendingJson, from: Millis): PendingChain | null {
  const { r, st = 0 } = json;
  const chain = chainFromJson(r, from);
  const rights = rightsFromJson(json, from);
  return chain && rights && areNumbers([st]) ? { ...chain, ...rights, startedAt: from + st } : null;
}
