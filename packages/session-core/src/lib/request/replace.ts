import { ATTEMPTS, conflict } from "../attempts.ts";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import type { StoredSession } from "../port.ts";
import { askRow } from "../read-row.ts";
import { readBody } from "../record.ts";
import type { Draft } from "../session/draft.ts";
import { tellEnded } from "../watch.ts";
import type { Lapsed } from "./lapse.ts";
import { endAs, type Live, tombstone } from "./load.ts";
import { rowAfter, updateRow } from "./update-row.ts";
import type { Written } from "./written.ts";

export type Creation<Data> = Draft<Data> & { readonly session: NonNullable<Draft<Data>["session"]> };

/**
 * Ends the guest (or the other subject's session) in whose place the new one is. Where its data moves over, what was acknowledged there
 * meanwhile comes along: the guest ends only as it was read, else the intents are folded again over what it has now. The tombstone keeps
 * the data, so that the twin of a double submit, which finds the guest gone, carries the same.
 */
export async function replaceGuest<Data extends object>(
  engine: Engine<Data>,
  draft: Creation<Data>,
  old: Live | Lapsed,
  row: StoredSession,
  refold: (live: Live) => Draft<Data>,
): Promise<Written<Data>> {
  const { id } = old.row;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stone = tombstone(engine, "replaced", old.record.subject === undefined ? old.record : undefined);
    const outcome = await endAs(engine, id, stone, draft.carries ? { ifRevision: old.row.revision } : undefined);
    if (outcome === "ended") tellEnded(engine, id, "replaced");
    if (outcome === "ended" || !draft.carries || old.kind === "lapsed") return { draft, times: row };
    const found = await askRow(engine, id);
    const body = found && readBody(found.body);
    const left = body?.kind === "live" ? body.record : body?.kind === "ended" ? body.left : undefined;
    if (!found || !left) return { draft, times: row };
    old = { ...old, row: found, record: { ...old.record, ...left } };
    ({ draft, row } = await writeAgain(engine, draft, row, refold(old)));
    if (outcome === "missing") return { draft, times: row };
  }
  throw conflict("guest");
}

/** The same id and credential with what the intents make of the newer data. */
async function writeAgain<Data>(engine: Engine<Data>, draft: Creation<Data>, row: StoredSession, again: Draft<Data>): Promise<{ draft: Creation<Data>; row: StoredSession }> {
  const { id, record } = draft.session;
  const session = { ...(again.session ?? draft.session), id };
  const next = { ...session, record: { ...session.record, chain: record.chain, epoch: record.epoch } };
  const changed = rowAfter(engine, row, next.record);
  if ((await updateRow(engine, changed, row.revision, true)) !== "updated") throw new HoldfastError("conflict", "The new session was changed before it began; nothing was written.");
  return { draft: { ...again, session: next, offer: draft.offer }, row: changed };
}
