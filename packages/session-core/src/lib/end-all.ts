import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "./engine.ts";
import { needed } from "./needed.ts";
import { partitionOf } from "./partition-of.ts";
import type { Partition, SessionId } from "./port.ts";
import { tombstone } from "./request/load.ts";
import { callStore } from "./store-call.ts";
import { tellRevoked } from "./watch.ts";

/** Ends all sessions of a partition but one, and refuses sign-ins that began before. @throws HoldfastError `unsupported` for a store without the power */
export async function endAll<Data>(engine: Engine<Data>, partition: Partition, except?: SessionId): Promise<{ notBefore: Millis; ended: number }> {
  const { index, watched } = engine;
  const ender = needed(engine.ender);
  // A store without an index names nobody, nor does one that is asked again by a driver. Who is watched is known.
  const here = Array.from(watched.keys()).filter((id) => id !== except && partitionOf(id) === partition);
  const { notBefore, ended } = await callStore(engine, "endAll", () => ender.endAll(partition, tombstone(engine, "revoked"), { durable: true, ...(except && { except }) }));
  tellRevoked(engine, [...ended, ...here]);
  if (!index || ended.length > 0) engine.emit({ type: "session_revoked", reason: "revoked", count: ended.length, handles: ended.map(engine.ring.handle) });
  return { notBefore, ended: ended.length };
}
