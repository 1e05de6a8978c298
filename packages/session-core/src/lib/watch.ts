import type { Engine } from "./engine.ts";
import { configError, HoldfastError } from "./errors.ts";
import type { SessionId } from "./port.ts";
import { readRow } from "./read-row.ts";
import { readBody } from "./record.ts";
import { overBy } from "./session/over.ts";
import type { WatchOptions } from "./sessions.ts";
import type { Watched } from "./watched.ts";

export function watch<Data>(engine: Engine<Data>, id: SessionId, { every = 5000, signal }: WatchOptions = {}): AbortSignal {
  if (!(every >= 100)) throw configError("every", "must be a number of milliseconds, at least 100.");
  const mine = new AbortController();
  if (signal?.aborted) return mine.signal;
  const watched = engine.watched.get(id) ?? { every: Number.POSITIVE_INFINITY, round: 0, controllers: new Set() };
  engine.watched.set(id, watched);
  watched.controllers.add(mine);
  const stop = (): void => {
    watched.controllers.delete(mine);
    if (watched.controllers.size === 0 && engine.watched.get(id) === watched) engine.watched.delete(id);
  };
  signal?.addEventListener("abort", stop, { signal: mine.signal });
  if (every < watched.every) {
    watched.every = every;
    watched.round += 1;
    void poll(engine, id, watched, watched.round);
  }
  return mine.signal;
}

/** Tells whoever watches in this process. */
export function tellEnded<Data>({ watched }: Engine<Data>, id: SessionId, reason: string): void {
  const found = watched.get(id);
  if (!found) return;
  watched.delete(id);
  const over = new HoldfastError("no_session", "The session is over.", { reason: reason === "replaced" ? "superseded" : reason });
  const controllers = [...found.controllers];
  found.controllers.clear();
  for (const controller of controllers) controller.abort(over);
}

/** The same for several that were revoked. */
export function tellRevoked<Data>(engine: Engine<Data>, ids: Iterable<SessionId>): void {
  for (const id of ids) tellEnded(engine, id, "revoked");
}

async function poll<Data>(engine: Engine<Data>, id: SessionId, watched: Watched, round: number): Promise<void> {
  while (watched.controllers.size > 0 && watched.round === round) {
    // A store that fails says nothing about the session.
    const reason = await endOf(engine, id).catch(() => undefined);
    if (reason !== undefined) return tellEnded(engine, id, reason);
    if (watched.controllers.size > 0) await engine.clock.wait(watched.every);
  }
}

async function endOf<Data>(engine: Engine<Data>, id: SessionId): Promise<string | undefined> {
  const row = await readRow(engine, id);
  const body = row && readBody(row.body);
  if (!row || !body) return "none";
  if (body.kind !== "live") return body.kind === "ended" ? body.reason : undefined;
  return overBy(engine, body.record, row.seenAt, engine.clock.now());
}
