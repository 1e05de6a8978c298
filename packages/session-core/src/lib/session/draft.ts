import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { configError, HoldfastError } from "../errors.ts";
import type { SessionId } from "../port.ts";
import type { SessionRecord } from "../record.ts";
import type { Lapsed } from "../request/lapse.ts";
import type { Live, Loaded } from "../request/load.ts";
import type { Sight, SignalChange } from "../signals/sight.ts";
import { chainAfter, GUEST_CHAIN, newSessionId } from "../token/credential.ts";
import { elevateChain, type PendingChain, type Rights } from "../token/elevation.ts";
import { beginChain, promote } from "../token/ratchet.ts";
import { isStored } from "./data.ts";
import { limitsOf } from "./deadlines.ts";
import { noSession, refusalOf } from "./refusal.ts";
import type { ElevateOptions, NoneState, StartOptions } from "./state.ts";

export type Intent<Data> =
  | { readonly type: "start"; readonly subject: string; readonly data: Partial<Data> | undefined; readonly options: StartOptions<Data> }
  | { readonly type: "update"; readonly change: (data: Data) => Data }
  | { readonly type: "elevate"; readonly options: ElevateOptions }
  | { readonly type: "end" };

/** A credential for the response. */
export interface Offer {
  readonly chain: number;
  readonly step: number;
  readonly secret: Uint8Array;
}

/** The session as this request leaves it, before it is written. */
export interface Draft<Data> {
  /** What was read. Ended when `write` is `end`, or `create` takes its place. */
  readonly live: Live | undefined;
  readonly refusal: NoneState | undefined;
  /** Idled out, and open to be resumed by this request. */
  readonly lapsed: Lapsed | undefined;
  /** `promotion` is housekeeping: it is dropped when it loses a race. */
  readonly write: "none" | "promotion" | "update" | "create" | "end";
  readonly session: { readonly id: SessionId; readonly record: SessionRecord; readonly data: Data } | undefined;
  readonly offer: Offer | undefined;
  /** How the sender differs from the one who signed in. */
  readonly changed: SignalChange | undefined;
  /** Rights this request asked for; the record has them only once the pending chain is used. */
  readonly elevated: Rights | undefined;
  /** A sign-in that takes over what {@link lapsed} left; only the first of several may. */
  readonly resumes: boolean;
  /** What a sign-in found of a guest, for another one in the same request. */
  readonly guest: Data | undefined;
  /** Of a sign-in: whether data of the guest moves over, whether the subject's other sessions end, and when its first factor was accepted. */
  readonly carries: boolean;
  readonly alone: boolean;
  readonly began: Millis;
}

export interface FoldContext<Data> {
  readonly engine: Engine<Data>;
  readonly now: Millis;
  readonly sight: Sight | undefined;
  /** The latest chain that the browser showed, alive or not. */
  readonly latestChain: number;
}

const DEVICE_LENGTH = 120;

/** The session as read, with what the presented credential itself brings about: a promotion, or a pending chain put to use. */
export function beginDraft<Data>({ engine, now }: FoldContext<Data>, loaded: Loaded): Draft<Data> {
  const empty = { lapsed: undefined, resumes: false, offer: undefined, changed: undefined, elevated: undefined, guest: undefined, carries: false, alone: false, began: now };
  if (loaded.kind === "none") return { ...empty, live: undefined, refusal: loaded, write: "none", session: undefined };
  if (loaded.kind === "lapsed") return { ...empty, live: undefined, lapsed: loaded, refusal: { kind: "none", ended: "idle", resumable: true }, write: "none", session: undefined };
  const { row, verdict, presented } = loaded;
  let { record } = loaded;
  if (verdict === "successor") record = { ...record, chain: promote(record.chain, presented.credential.secret, now) };
  if (verdict === "elevated" && record.pending) record = adopt(record, record.pending, now);
  let data = engine.data.read(record.data, record.dataVersion);
  if (data === undefined) {
    engine.emit({ type: "session_data_unreadable" }, row.id);
    data = engine.data.initial;
  }
  const write = verdict === "successor" ? "promotion" : verdict === "elevated" ? "update" : "none";
  return { ...empty, live: loaded, changed: loaded.changed, refusal: undefined, write, session: { id: row.id, record, data } };
}

/** One intent more. Pure but for fresh secrets; throws what the application did wrong, and then nothing has changed. */
export function fold<Data extends object>(context: FoldContext<Data>, draft: Draft<Data>, intent: Intent<Data>): Draft<Data> {
  switch (intent.type) {
    case "end":
      // A replaced credential cannot end the session that replaced it, and must not say that it did.
      if (draft.refusal?.refused === "superseded") throw noSession("superseded");
      return { ...draft, write: draft.live || draft.lapsed || draft.refusal?.refused ? "end" : "none", session: undefined, refusal: { kind: "none", ended: "logout" }, offer: undefined };
    case "start":
      return start(context, draft, intent);
    case "update":
      return update(context, draft, intent.change);
    case "elevate":
      return elevate(context, draft, intent.options);
  }
}

/** Folds the rights of a pending chain in, at its first use. There is no overlap with the chain before. */
export const adopt = (record: SessionRecord, pending: PendingChain, now: Millis): SessionRecord => {
  const { acr, amr, authenticatedAt, startedAt, marks, ...chain } = pending;
  return { ...record, chain: { ...chain, promotedAt: now, promotedBefore: now }, pending: undefined, acr, amr, authenticatedAt, startedAt, marks };
};

function start<Data extends object>(context: FoldContext<Data>, draft: Draft<Data>, intent: Extract<Intent<Data>, { type: "start" }>): Draft<Data> {
  const { engine, now, latestChain } = context;
  const { subject, options } = intent;
  if (options.remember && engine.policy.remember === "off") throw configError("policy.remember", "is off; give it limits before start() may have remember: true.");
  const id = newSessionId(engine.ring.partition(subject));
  const resumed = options.resume ? toResume(engine, draft, subject) : undefined;
  const kept = resumed && engine.data.read(resumed.data, resumed.dataVersion);
  const given = pick(intent.data ?? {}, (_key, value) => value !== undefined);
  const carry: readonly string[] = options.carry ?? [];
  const guest = draft.guest ?? (draft.session?.record.subject === undefined ? draft.session?.data : undefined);
  const data = engine.data.check({ ...engine.data.initial, ...kept, ...pick(guest ?? {}, (key) => carry.includes(key)), ...given } as Data);
  const remember = options.remember ?? resumed?.remember ?? false;
  const began = beganAt(options.authenticatedAt ?? now, now, limitsOf({ subject, remember }, engine.policy).absolute);
  return {
    // Seven on, since up to six elevations in a row may be under way in parallel and write the cookies before that. With nothing to count on from, anywhere: what is still
    // under way of a session that was just signed out will then most likely take another cookie.
    ...begin(context, draft, id, latestChain === GUEST_CHAIN ? chainAfter(1, Math.floor(now)) : chainAfter(latestChain, 7), data, {
      subject,
      startedAt: Math.min(began, resumed?.startedAt ?? now),
      authenticatedAt: began,
      acr: options.acr ?? resumed?.acr,
      amr: options.amr ?? [],
      device: options.device ? plain(options.device) : resumed?.device,
      remember,
      marks: context.sight?.marks(id),
    }),
    resumes: resumed !== undefined,
    guest,
    carries: guest !== undefined && carry.length > 0,
    alone: options.revokeOthers === true,
    began,
  };
}

function toResume<Data>({ policy }: Engine<Data>, { lapsed }: Draft<Data>, subject: string): SessionRecord {
  if (!policy.resume) throw configError("policy.resume", "is false; set it before start() may have resume: true.");
  if (lapsed?.record.subject !== subject) throw new HoldfastError("no_session", "There is no session of this subject to resume; a full sign-in is needed.", { reason: "none" });
  return lapsed.record;
}

/** A time that an identity provider's clock puts into the future is now: it must not outlast a revocation under way. */
function beganAt(given: Millis, now: Millis, absolute: Millis): Millis {
  if (!Number.isFinite(given)) throw new HoldfastError("invalid_data", "authenticatedAt must be a time in milliseconds.");
  if (given <= now - absolute) throw new HoldfastError("authentication_too_old", "authenticatedAt is further back than policy.absolute allows; is it in milliseconds?");
  return Math.min(given, now);
}

function update<Data extends object>(context: FoldContext<Data>, draft: Draft<Data>, change: (data: Data) => Data): Draft<Data> {
  const { engine } = context;
  const { session } = draft;
  if (!session) return update(context, startGuest(context, draft), change);
  const changed = change(session.data);
  if (changed === session.data) return draft;
  const data = engine.data.check(changed);
  // What is stored already is not written again: a write would drop every copy of it.
  if (isStored(engine.data, session.record, data)) return draft;
  const record = { ...session.record, data, dataVersion: engine.data.version };
  return { ...draft, write: draft.write === "create" ? draft.write : "update", session: { ...session, record, data } };
}

function startGuest<Data>(context: FoldContext<Data>, draft: Draft<Data>): Draft<Data> {
  const { engine, now } = context;
  if (draft.refusal?.refused || draft.write === "end" || !engine.guests) throw refusalOf(draft.refusal?.refused);
  const nobody = { subject: undefined, startedAt: now, authenticatedAt: now, acr: undefined, amr: [], device: undefined, remember: false, marks: undefined };
  return begin(context, draft, newSessionId(), GUEST_CHAIN, engine.data.initial, nobody);
}

/** A new session with the first credential of a new chain. */
function begin<Data>(
  { engine, now }: FoldContext<Data>,
  draft: Draft<Data>,
  id: SessionId,
  chainNumber: number,
  data: Data,
  owner: Omit<SessionRecord, "chain" | "pending" | "data" | "dataVersion" | "lapsed" | "writes">,
): Draft<Data> {
  const { chain, secret } = beginChain(chainNumber, now);
  const record = { ...owner, chain, pending: undefined, lapsed: false, data, dataVersion: engine.data.version, writes: [] };
  const offer = { chain: chainNumber, step: 0, secret };
  return { ...draft, write: "create", session: { id, record, data }, offer, changed: undefined, elevated: undefined, refusal: undefined };
}

function elevate<Data>({ now, sight }: FoldContext<Data>, draft: Draft<Data>, options: ElevateOptions): Draft<Data> {
  const { session, live } = draft;
  if (session?.record.subject === undefined) throw refusalOf(draft.refusal?.refused);
  const { record } = session;
  const again = options.reauthenticated === true && !options.lower;
  const over = (before: Rights): Rights => ({
    acr: options.acr ?? before.acr,
    amr: options.amr ?? before.amr,
    authenticatedAt: again ? now : before.authenticatedAt,
    startedAt: again ? now : before.startedAt,
    marks: again && sight ? sight.marks(session.id) : before.marks,
  });
  if (draft.write === "create" || !live) {
    // The credential of this response is new as it is: no older one can have its rights.
    return { ...draft, session: { ...session, record: { ...record, ...over(record) } } };
  }
  if (options.lower) {
    // Gone for every credential, also for one that waits. No credential is new: the weaker rights are all that the old one has.
    const pending = record.pending && { ...record.pending, ...over(record.pending) };
    return { ...draft, write: "update", session: { ...session, record: { ...record, ...over(record), pending } }, elevated: over(draft.elevated ?? record) };
  }
  // Let in long ago, and another elevation was used since: this credential's answer would take the cookie of the one after that.
  if (live.presented.credential.chain !== record.chain.chain) throw noSession("superseded");
  const { chain, secret } = elevateChain(record.chain, session.id, live.presented.credential.secret, record.pending, now);
  // Where another elevation waits behind the same credential, its rights stay unless this one names others.
  const rights = over(chain === record.pending ? record.pending : record);
  const pending: PendingChain = { ...chain, ...rights };
  return {
    ...draft,
    changed: again ? undefined : draft.changed,
    write: "update",
    session: { ...session, record: { ...record, pending } },
    offer: { chain: chain.chain, step: 0, secret },
    elevated: rights,
  };
}

const pick = (data: object, wanted: (key: string, value: unknown) => boolean): object => Object.fromEntries(Object.entries(data).filter(([key, value]) => wanted(key, value)));

// Shown in device lists and logs: no control characters, no line breaks.
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").slice(0, DEVICE_LENGTH);
