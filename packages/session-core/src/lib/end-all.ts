import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "./engine.ts";
import { indexOf } from "./list-rows.ts";
import type { Partition, SessionId } from "./port.ts";
import { tombstone } from "./request/load.ts";
import { callStore } from "./store-call.ts";
import { tellEnded } from "./watch.ts";

/** Ends all sessions of a partition but one, and refuses sign-ins that began before. @throws HoldfastError `unsupported` without a store index */
export async function endAll<Data>(engine: Engine<Data>, partition: Partition, except?: SessionId): Promise<{ notBefore: Millis; ended: number }> {
  const index = indexOf(engine);
  const { notBefore, ended } = await callStore(engine, "endAll", () => index.endAll(partition, tombstone(engine, "revoked"), { durable: true, ...(except && { except }) }));
  for (const id of ended) tellEnded(engine, id, "revoked");
  if (ended.length > 0) engine.emit({ type: "session_revoked", reason: "revoked", count: ended.length, handles: ended.map(engine.ring.handle) });
  return { notBefore, ended: ended.length };
}
