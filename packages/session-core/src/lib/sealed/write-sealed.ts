import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import { needed } from "../needed.ts";
import { partitionOf } from "../partition-of.ts";
import type { SessionRecord } from "../record.ts";
import { isLate, maxAgeOf, mayClear } from "../request/answer.ts";
import { signInRevoked } from "../request/create-row.ts";
import type { WriteContext } from "../request/write.ts";
import type { Written } from "../request/written.ts";
import { deadlinesOf, limitsOf } from "../session/deadlines.ts";
import { adopt, type Draft } from "../session/draft.ts";
import { noSession } from "../session/refusal.ts";
import type { CookieChange } from "../session/state.ts";
import { type SealedSession, writePayload } from "./payload.ts";
import { headOf, toPieces } from "./pieces.ts";
import type { SealedIncoming, SealedPresented } from "./read-sealed.ts";
import type { Revocations } from "./revocations.ts";
import type { Seal } from "./seal.ts";

export interface SealedMeans {
  readonly seal: Seal;
  readonly revocations: Revocations | undefined;
  /** Cookies that one session may take. */
  readonly maxCookies: number;
}

/** A draft whose session goes into cookies. */
type Kept<Data> = Draft<Data> & { readonly session: NonNullable<Draft<Data>["session"]> };

/** Brings a draft into the cookies of the answer. Most requests write none. */
export const createWriteSealed = (means: SealedMeans): Engine<unknown>["write"] =>
  async function writeSealed<Data extends object>(context: WriteContext<Data>, draft: Draft<Data>): Promise<Written<Data>> {
    const { session } = draft;
    const openAll = context.signedOut ? (context.incoming as SealedIncoming).openAll : undefined;
    await openAll?.();
    if (openAll || draft.write === "end") await signOut(context, draft, means);
    if (!session) return { draft, times: undefined, cookies: tidy(context, draft, []) };
    const kept: Kept<Data> = { ...draft, session };
    if (draft.write !== "create" && draft.write !== "update" && !isDue(context, kept)) return { draft, times: undefined, cookies: tidy(context, draft, []) };
    return draft.write === "create" ? begin(context, kept, means) : goOn(context, kept, means);
  };

/** A sign-in, or the first thing that a visitor keeps. The seal comes first: what is too large must end nothing. */
async function begin<Data extends object>(context: WriteContext<Data>, given: Kept<Data>, means: SealedMeans): Promise<Written<Data>> {
  const { engine, now } = context;
  const { revocations } = means;
  await engine.epoch.refresh();
  const { number, at } = engine.epoch.current;
  const { id, record } = given.session;
  const partition = partitionOf(id);
  if (given.alone) needed(revocations);
  const notBefore = record.subject === undefined ? undefined : await revocations?.notBefore(partition);
  if (record.subject !== undefined && given.began <= Math.max(at, notBefore ?? at)) throw signInRevoked();
  const draft = withRecord(given, { ...record, epoch: number });
  const cookies = await sealed(context, draft, { createdAt: now, seenAt: now, sealedAt: engine.clock.now(), notBefore: Number.isFinite(notBefore) ? notBefore : undefined }, means);
  // Of two at once that end all others the first one's mark stands.
  if (draft.alone) {
    if ((await revocations?.endAll(partition, id, notBefore))?.except !== id) throw signInRevoked();
    engine.emit({ type: "session_revoked", reason: "revoked", count: 0 });
  }
  const old = draft.live ?? draft.lapsed;
  if (old) await revocations?.end(old.row.id, "replaced");
  engine.emit({ type: "session_created", kind: record.subject === undefined ? "guest" : "active", previous: old && engine.ring.handle(old.row.id) }, id);
  return { draft, times: { createdAt: now, seenAt: now }, cookies };
}

/** The session as this request leaves it. New rights take another cookie at once; the one that came never has them. */
async function goOn<Data extends object>(context: WriteContext<Data>, given: Kept<Data>, means: SealedMeans): Promise<Written<Data>> {
  const { engine, now, touch, activity } = context;
  const { live, session, elevated } = given;
  const row = live?.row ?? { createdAt: now, seenAt: now };
  const before = (live?.presented as SealedPresented | undefined)?.session;
  // Ended or lowered since this request was let in: its answer must not take the cookie of what came after.
  const over = before && means.revocations?.heardOf(before);
  if (over && given.write === "update") throw noSession(over === "replaced" ? "superseded" : "ended");
  if (over) return { draft: given, times: undefined, cookies: [] };
  const { pending } = session.record;
  const draft = pending ? withRecord(given, adopt(session.record, pending, now)) : given;
  const seenAt = touch || activity() ? Math.max(row.seenAt, now) : row.seenAt;
  const clock = engine.clock.now();
  const lowered = elevated !== undefined && !pending;
  const revocations = lowered ? needed(means.revocations) : undefined;
  // Later than the one before on any clock.
  const loweredAt = lowered ? Math.max(clock, (before?.loweredAt ?? clock - 1) + 1) : before?.loweredAt;
  const times = { createdAt: row.createdAt, seenAt };
  const cookies = await sealed(context, draft, { ...times, sealedAt: clock, loweredAt, notBefore: before?.notBefore, json: before?.json }, means);
  await revocations?.end(session.id, "replaced", loweredAt);
  if (elevated) engine.emit({ type: "session_elevated" }, session.id);
  else if (context.renew) engine.emit({ type: "session_renewed" }, session.id);
  return { draft, times, cookies };
}

async function signOut<Data>({ engine, incoming }: WriteContext<Data>, { live, lapsed }: Draft<Data>, { revocations }: SealedMeans): Promise<void> {
  const gone = live ?? lapsed;
  const ids = gone ? [gone.row.id] : incoming.presented.map(({ credential }) => credential.id);
  for (const id of new Set(ids)) {
    await revocations?.end(id, "logout");
    engine.emit({ type: "session_logout" }, id);
  }
}

/** Whether a session whose data stay as they are is sealed anew. */
function isDue<Data>({ engine, incoming, now, cacheable, touch, renew, activity }: WriteContext<Data>, { live, session }: Kept<Data>): boolean {
  const { policy } = engine;
  if (!live) return false;
  if (touch) return true;
  // The other cookie of the jar may be another session's by the time this answer arrives.
  if (cacheable || live.presented !== incoming.presented[0] || isLate(engine, now)) return false;
  const { session: before, key } = live.presented as SealedPresented;
  const { record } = session;
  const { seenAt } = live.row;
  if (key.state === "retired" || (renew && now - before.sealedAt >= policy.overlap)) return true;
  // The policy gives more time than the one that sealed it; the seal's own limit counts until it is sealed anew.
  if (before.expiresAt < limitOf(engine, record, seenAt)) return true;
  return now - seenAt >= limitsOf(record, policy).idle / 2 && activity();
}

function limitOf<Data>({ policy }: Engine<Data>, record: SessionRecord, seenAt: Millis): Millis {
  const { idleAt, absoluteAt } = deadlinesOf(record, seenAt, policy);
  return Math.min(idleAt, absoluteAt);
}

/** @throws HoldfastError `data_too_large` */
async function sealed<Data extends object>(context: WriteContext<Data>, draft: Kept<Data>, times: Pick<SealedSession, "createdAt" | "seenAt" | "sealedAt" | "loweredAt" | "notBefore" | "json">, { seal, maxCookies }: SealedMeans): Promise<CookieChange[]> {
  const { engine } = context;
  const { id, record } = draft.session;
  const { chain } = record.chain;
  const name = engine.cookies.nameOf(chain);
  const payload = writePayload({ ...times, id, record, expiresAt: limitOf(engine, record, times.seenAt) });
  const pieces = toPieces(name, await seal.seal(payload, name), maxCookies);
  if (!pieces) throw new HoldfastError("data_too_large", `The sealed session would take more than ${maxCookies} cookies (maxCookies of sealedSessions); nothing was written.`);
  const maxAge = maxAgeOf(engine, draft, { chain });
  const set = pieces.map((piece) => engine.cookies.line(piece.name, piece.value, maxAge));
  return [...set, ...tidy(context, draft, set)];
}

/** Expires what is not needed any more of what came: other sessions' cookies, and pieces beyond the set, but those only together with the set. */
function tidy<Data>({ engine, incoming, now, cacheable, signedOut }: WriteContext<Data>, draft: Draft<Data>, set: readonly CookieChange[]): CookieChange[] {
  const { cookies } = engine;
  const keep = cacheable || isLate(engine, now);
  const names = new Set(set.map(({ name }) => name));
  const [mine] = names;
  return incoming.cookieNames
    .filter((name) => {
      if (names.has(name)) return false;
      const head = headOf(name, cookies.names);
      // Beside the cookies of an elevation those of before would double the header, and servers in front refuse it.
      const left = mine !== undefined && !keep && head === draft.live?.presented.cookieName;
      return head === mine || left || mayClear(draft, incoming, keep, signedOut, head);
    })
    .map((name) => cookies.clear(name));
}

const withRecord = <Data>(draft: Kept<Data>, record: SessionRecord): Kept<Data> => ({ ...draft, session: { ...draft.session, record } });
