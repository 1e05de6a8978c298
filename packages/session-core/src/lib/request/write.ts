import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import type { SessionId } from "../port.ts";
import { readBody } from "../record.ts";
import type { SessionRecord } from "../record.ts";
import { revisionAfter } from "../revision.ts";
import { expiryOf, limitsOf } from "../session/deadlines.ts";
import { type Draft, noSession } from "../session/draft.ts";
import type { CommitOptions } from "../session/state.ts";
import { createRow } from "./create-row.ts";
import { endRow, type Live, reload } from "./load.ts";
import { callStore } from "../store-call.ts";
import { ATTEMPTS, backOff, carries, conflict, toRow, updateRow } from "./update-row.ts";

export interface WriteContext<Data> {
  readonly engine: Engine<Data>;
  readonly now: Millis;
  /** Whether this request counts as the user's. */
  readonly activity: () => boolean;
  /** Record the activity now, throttled or not. */
  readonly touch: boolean;
  readonly defer: CommitOptions["defer"];
  /** Folds the intents again over what was read after a conflict. */
  readonly refold: (live: Live) => Draft<Data>;
  /** The same without the intents. */
  readonly reopen: (live: Live) => Draft<Data>;
}

/** What is in the store now, as far as this request knows it for sure. */
export interface Written<Data> {
  readonly draft: Draft<Data>;
  /** `undefined` where nothing was written, and the draft is the one that was given. */
  readonly times: { readonly createdAt: Millis; readonly seenAt: Millis } | undefined;
}

/** Brings a draft to the store: no call for most requests, one for most of the others. */
export async function write<Data extends object>(context: WriteContext<Data>, draft: Draft<Data>): Promise<Written<Data>> {
  const { engine, now } = context;
  const { live, session } = draft;
  if (draft.write === "end") {
    const gone = live ?? draft.lapsed;
    if (gone) await signOut(engine, gone.row.id);
    return { draft, times: undefined };
  }
  if (!session) return { draft, times: undefined };
  if (draft.write === "create") return { draft, times: await createRow(engine, { ...draft, session }, now) };
  if (!live) return { draft, times: undefined };
  if (draft.write === "none") {
    const { createdAt, seenAt } = live.row;
    const touched = await touch(context, draft, live);
    return { draft, times: touched === seenAt ? undefined : { createdAt, seenAt: touched } };
  }
  return update(context, draft, live);
}

async function signOut<Data>(engine: Engine<Data>, id: SessionId): Promise<void> {
  if (await endRow(engine, id, "logout")) return engine.emit({ type: "session_logout", handle: engine.ring.handle(id) });
  // Over already. If a sign-in of the same browser took its place meanwhile, its cookie must stay.
  const row = await callStore(engine, "read", () => engine.store.read(id, { authoritative: true }));
  const body = row && readBody(row.body);
  if (body?.kind === "ended" && body.reason === "replaced") throw noSession("superseded");
}

async function update<Data extends object>(context: WriteContext<Data>, draft: Draft<Data>, live: Live): Promise<Written<Data>> {
  const { engine } = context;
  if (draft.write === "promotion") {
    // Housekeeping: whoever won has promoted it, or the next request will.
    const seenAt = await attempt(context, draft, live).catch((error: unknown) => {
      if (error instanceof HoldfastError && error.code === "unavailable") return undefined;
      throw error;
    });
    if (typeof seenAt === "number") engine.emit({ type: "session_renewed", handle: engine.ring.handle(live.row.id) });
    return { draft, times: { createdAt: live.row.createdAt, seenAt: typeof seenAt === "number" ? seenAt : live.row.seenAt } };
  }
  const tried: Tried<Data> = new Map();
  const first = await attempt(context, draft, live, tried);
  if (typeof first === "number") return written(engine, draft, live, first);
  if (first === "missing") throw lost(engine, live);
  return engine.line(live.row.id, () => replay(context, live, tried));
}

/** The losers of a race, one after the other in this process: read again, judge again, fold again, write. */
async function replay<Data extends object>(context: WriteContext<Data>, live: Live, tried: Tried<Data>): Promise<Written<Data>> {
  const { engine, now, refold, reopen } = context;
  for (let attempts = 2; attempts <= ATTEMPTS; attempts++) {
    if (attempts > 2) await backOff(engine, attempts);
    const again = await reload(engine, live, now);
    if (again.kind !== "live") throw again.kind === "none" && again.refused === "superseded" ? noSession("superseded") : lost(engine, live);
    for (const [writeId, { offer, elevated }] of tried) {
      if (carries(again.row, writeId)) return written(engine, { ...reopen(again), offer, elevated }, again, again.row.seenAt);
    }
    const draft = refold(again);
    if (draft.write === "none") return { draft, times: again.row };
    const outcome = await attempt(context, draft, again, tried);
    if (typeof outcome === "number") return written(engine, draft, again, outcome);
    if (outcome === "missing") throw lost(engine, live);
  }
  throw conflict();
}

/** What was written, by the mark of the write: an elevation has other secrets in each attempt. */
type Tried<Data> = Map<string, Draft<Data>>;

/** The new `seenAt` when the write took effect. */
async function attempt<Data>(context: WriteContext<Data>, draft: Draft<Data>, live: Live, tried?: Tried<Data>): Promise<Millis | "missing" | "conflict"> {
  const { engine, now, activity, touch: asked } = context;
  const { session } = draft;
  if (!session) return "missing";
  const { row } = live;
  const seenAt = asked || activity() ? Math.max(row.seenAt, now) : row.seenAt;
  const next = toRow(engine, row.id, session.record, { revision: revisionAfter(row.revision), createdAt: row.createdAt, seenAt });
  tried?.set(next.writeId, draft);
  const outcome = await updateRow(engine, next, row.revision, draft.elevated !== undefined);
  return outcome === "updated" ? seenAt : outcome;
}

function written<Data>(engine: Engine<Data>, draft: Draft<Data>, live: Live, seenAt: Millis): Written<Data> {
  if (draft.elevated) engine.emit({ type: "session_elevated", handle: engine.ring.handle(live.row.id) });
  return { draft, times: { createdAt: live.row.createdAt, seenAt } };
}

function lost<Data>(engine: Engine<Data>, live: Live): HoldfastError {
  engine.emit({ type: "session_write_lost", handle: engine.ring.handle(live.row.id) });
  return noSession("ended");
}

/** Slides the idle limit. Deferred where the runtime lets work outlive the response; then it is not acknowledged yet. */
async function touch<Data>({ engine, now, activity, touch: asked, defer }: WriteContext<Data>, draft: Draft<Data>, { row, record }: Live): Promise<Millis> {
  if (!asked && (now - row.seenAt < touchEvery(engine, record) || !activity())) return row.seenAt;
  const expiresAt = expiryOf(draft.session?.record ?? record, now, engine.policy);
  const seenAt = Math.max(row.seenAt, now);
  const touched = callStore(engine, "touch", () => engine.store.touch(row.id, seenAt, expiresAt)).then((outcome) => (outcome === "touched" ? seenAt : row.seenAt));
  if (asked) return touched;
  const housekeeping = touched.catch(() => row.seenAt);
  return defer?.(housekeeping) ? row.seenAt : housekeeping;
}

function touchEvery<Data>({ policy }: Engine<Data>, record: SessionRecord): Millis {
  const limits = limitsOf(record, policy);
  return limits === policy ? policy.touchEvery : Math.max(policy.touchEvery, Math.min(60 * 60 * 1000, limits.idle / 10));
}
