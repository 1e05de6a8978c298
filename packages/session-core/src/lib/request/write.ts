import type { Millis } from "@holdfast/session-protocol";
import { ATTEMPTS, backOff, conflict } from "../attempts.ts";
import type { Engine } from "../engine.ts";
import type { StoredSession } from "../port.ts";
import type { SessionRecord } from "../record.ts";
import { expiryOf, limitsOf } from "../session/deadlines.ts";
import type { Draft } from "../session/draft.ts";
import { noSession } from "../session/refusal.ts";
import type { CommitOptions } from "../session/state.ts";
import { callStore } from "../store-call.ts";
import type { AnswerContext } from "./answer.ts";
import { createRow } from "./create-row.ts";
import { endRow, type Live, type Loaded, loadAgain, loadOne, lost } from "./load.ts";
import { touchRow } from "./touch-row.ts";
import { carries } from "./settle.ts";
import { rowAfter, updateRow } from "./update-row.ts";
import type { Written } from "./written.ts";

/** A commit: what is to be written, and for which answer. */
export interface WriteContext<Data> extends AnswerContext<Data> {
  /** Whether this request counts as the user's. */
  readonly activity: () => boolean;
  /** Record the activity now, throttled or not. */
  readonly touch: boolean;
  readonly defer: CommitOptions["defer"];
  /** The data are to be changed as a copy has them, which may be out of date: that there is nothing to change is for the engine to say. */
  readonly unsure: boolean;
  /** Folds the intents again over what was read after a conflict. */
  readonly refold: (live: Live) => Draft<Data>;
  /** The same without the intents. */
  readonly reopen: (found: Loaded) => Draft<Data>;
}

/** Brings a draft to the store: no call for most requests, one for most of the others. */
export async function write<Data extends object>(context: WriteContext<Data>, draft: Draft<Data>): Promise<Written<Data>> {
  const { engine, now, refold } = context;
  const { live, session } = draft;
  if (draft.write === "create" && session) return createRow(engine, { ...draft, session }, now, refold);
  if (context.signedOut) await signOut(context, draft);
  if (!session || !live) return { draft, times: undefined };
  const tried: Tried<Data> = new Map();
  if (draft.write === "update") {
    const written = await attempt(context, draft, live, tried);
    if (written) return written;
  } else if (!context.unsure) return keepHouse(context, draft, live);
  return engine.line(live.row.id, () => replay(context, live, tried));
}

/** Ends every session whose credential came along and is good: whoever signs out leaves none behind. */
async function signOut<Data>({ engine, incoming, now }: WriteContext<Data>, { live, lapsed, write }: Draft<Data>): Promise<void> {
  for (const presented of write === "end" ? incoming.presented : (incoming.doubled?.() ?? [])) {
    const { id } = presented.credential;
    const judged = (): Promise<Loaded> => loadOne(engine, presented, now, undefined, true);
    const found = id === (live ?? lapsed)?.row.id ? undefined : await judged();
    // What cannot be read can be ended all the same.
    if (found?.kind === "none" && found.refused !== "indeterminate") continue;
    if (await endRow(engine, id, "logout")) engine.emit({ type: "session_logout" }, id);
    else {
      const after = await judged();
      // Over already. If a sign-in of the same browser took its place meanwhile, its cookie must stay.
      if (after.kind === "none" && after.refused === "superseded") throw noSession("superseded");
    }
  }
}

/** The losers of a race, one after the other in this process: read again, fold again, write. */
async function replay<Data extends object>(context: WriteContext<Data>, live: Live, tried: Tried<Data>): Promise<Written<Data>> {
  const { engine, now, refold, reopen } = context;
  for (let attempts = 2; attempts <= ATTEMPTS; attempts++) {
    await backOff(engine.clock, attempts);
    const again = await loadAgain(engine, live, now);
    // A driver that sent the update twice: it took effect, and others may have written since.
    for (const [writeId, { offer, elevated }] of tried) {
      if (carries(again.row, writeId)) return done(engine, { ...reopen(again), offer, elevated }, again, again.row);
    }
    const draft = refold(again);
    if (draft.write !== "update") return keepHouse(context, draft, again);
    const written = await attempt(context, draft, again, tried);
    if (written) return written;
  }
  throw conflict();
}

/** What was written, by the mark of the write: an elevation has other secrets in each attempt. */
type Tried<Data> = Map<string, Draft<Data>>;

/** `undefined` when the row is not as it was read. */
async function attempt<Data>(context: WriteContext<Data>, draft: Draft<Data>, live: Live, tried: Tried<Data>): Promise<Written<Data> | undefined> {
  const row = rowOf(context, draft, live);
  tried.set(row.writeId, draft);
  const outcome = await updateRow(context.engine, row, live.row.revision, draft.elevated !== undefined);
  return outcome === "updated" ? done(context.engine, draft, live, row) : undefined;
}

function done<Data>(engine: Engine<Data>, draft: Draft<Data>, live: Live, times: StoredSession): Written<Data> {
  if (live.verdict === "successor") engine.emit({ type: "session_renewed" }, times.id);
  if (draft.elevated) engine.emit({ type: "session_elevated" }, times.id);
  return { draft, times };
}

const rowOf = <Data>({ engine, now, activity, touch }: WriteContext<Data>, { session }: Draft<Data>, { row, record }: Live): StoredSession =>
  rowAfter(engine, row, session?.record ?? record, touch || activity() ? Math.max(row.seenAt, now) : undefined);

/** Nothing but a promotion, or activity to record. Whoever won the race has promoted, or the next request will; the activity counts all the same. */
async function keepHouse<Data>(context: WriteContext<Data>, draft: Draft<Data>, live: Live): Promise<Written<Data>> {
  const { engine, now, activity, touch: asked, defer, reopen } = context;
  const { row, record } = live;
  let outcome: string | undefined = "none";
  if (draft.write === "promotion") {
    const next = rowOf(context, draft, live);
    outcome = await callStore(engine, "update", () => engine.store.update(next, row.revision)).catch(() => undefined);
    if (outcome === "updated") {
      engine.emit({ type: "session_renewed" }, row.id);
      return { draft, times: next };
    }
  }
  const { id, createdAt } = row;
  let seenAt = Math.max(row.seenAt, now);
  if (asked || (outcome && now - row.seenAt >= touchEvery(engine, record) && activity())) {
    const touch = touchRow(engine, id, seenAt, expiryOf(draft.session?.record ?? record, seenAt, engine.policy), asked);
    ({ seenAt } = touch);
    // Deferred where the runtime lets work outlive the response; then it is not acknowledged yet.
    const housekeeping = asked ? touch.call : touch.call.catch(() => undefined);
    outcome = !asked && defer?.(housekeeping) ? undefined : await housekeeping;
  }
  if (outcome === "missing") {
    if (asked) throw lost(engine, live);
    // It was read alive, from a copy or a moment ago: the answer must not say so any more.
    const found = await loadOne(engine, live.presented, now, live.sight, true);
    if (found.kind !== "live") return { draft: reopen(found), times: undefined };
  }
  return { draft, times: outcome === "touched" ? { createdAt, seenAt } : undefined };
}

function touchEvery<Data>({ policy }: Engine<Data>, record: SessionRecord): Millis {
  const limits = limitsOf(record, policy);
  return limits === policy ? policy.touchEvery : Math.min(Math.max(policy.touchEvery, Math.min(60 * 60 * 1000, limits.idle / 10)), limits.idle / 4);
}
