import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "./engine.ts";
import { listRows } from "./list-rows.ts";
import { needed } from "./needed.ts";
import { partitionOf } from "./partition-of.ts";
import type { Partition, SessionId } from "./port.ts";
import { tombstone } from "./request/load.ts";
import { wroteIt } from "./request/settle.ts";
import { callStore } from "./store-call.ts";
import { tellRevoked } from "./watch.ts";

/** Ends all sessions of a partition but one, and refuses sign-ins that began before. @throws HoldfastError `unsupported` for a store without the power */
export async function endAll<Data>(engine: Engine<Data>, partition: Partition, except?: SessionId): Promise<{ notBefore: Millis; ended: number }> {
  const { index, watched } = engine;
  const ender = needed(engine.ender);
  // A store without an index names nobody. Who is watched is known.
  const here = Array.from(watched.keys()).filter((id) => id !== except && partitionOf(id) === partition);
  const listed = index ? await listRows(engine, partition).catch(() => []) : [];
  const stone = tombstone(engine, "revoked");
  const ask = (): ReturnType<typeof ender.endAll> => callStore(engine, "endAll", () => ender.endAll(partition, stone, { durable: true, ...(except && { except }) }));
  // Once more where the answer is lost: it does no harm.
  const { notBefore, ended: named } = await ask().catch(ask);
  const ended = new Set(named);
  // Who asks again, as drivers do by themselves, hears of nobody: those who were there say by their tombstones whose end it was.
  await Promise.all(listed.map(async ({ id }) => !ended.has(id) && (await wroteIt(engine, { ...stone, id })) && ended.add(id)));
  tellRevoked(engine, [...ended, ...here]);
  if (!index || ended.size > 0) engine.emit({ type: "session_revoked", reason: "revoked", count: ended.size, handles: Array.from(ended, engine.ring.handle) });
  return { notBefore, ended: ended.size };
}
