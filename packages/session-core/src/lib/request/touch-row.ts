import type { Millis } from "@holdfast/session-protocol";
import type { Engine, Touching } from "../engine.ts";
import type { SessionId } from "../port.ts";
import { callStore } from "../store-call.ts";

/**
 * Records a sign of life. The parallel requests of a page are one: who comes while a touch is on its way shares it, unless it hangs. Otherwise
 * each of them would write, and in a database they would wait for each other's lock on the row.
 *
 * @param alone for one that was asked for: it tells the time of its own request
 */
export function touchRow<Data>(engine: Engine<Data>, id: SessionId, seenAt: Millis, expiresAt: Millis, alone: boolean): Touching {
  const { touches, store } = engine;
  const other = touches.get(id);
  if (!alone && other && seenAt - other.seenAt < 1000) return other;
  const call = callStore(engine, "touch", () => store.touch(id, seenAt, expiresAt)).finally(() => {
    if (touches.get(id) === touching) touches.delete(id);
  });
  const touching = { seenAt, call };
  touches.set(id, touching);
  return touching;
}
