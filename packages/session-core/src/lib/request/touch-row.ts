import type { Millis } from "@holdfast/session-protocol";
import type { Engine, Touching } from "../engine.ts";
import type { SessionId } from "../port.ts";
import { callStore } from "../store-call.ts";
import { withinTime } from "../store-deadline.ts";

const SHARED: Millis = 1000;

/**
 * Records a sign of life. The parallel requests of a page are one: who comes while a touch is on its way shares it, for a second. Otherwise
 * each of them would write, and in a database they would wait for each other's lock on the row. Nobody waits longer than that second for another
 * request: on Workers the work of one whose client went away never ends, and stays in the map until the session's next touch.
 *
 * @param alone for one that was asked for: it tells the time of its own request
 */
export function touchRow<Data>(engine: Engine<Data>, id: SessionId, seenAt: Millis, expiresAt: Millis, alone: boolean): Touching {
  const { touches, store } = engine;
  const other = touches.get(id);
  if (!alone && other && seenAt - other.seenAt < SHARED) return { ...other, call: withinTime(SHARED, "touch", undefined, () => other.call) };
  const call = callStore(engine, "touch", () => store.touch(id, seenAt, expiresAt)).finally(() => {
    if (touches.get(id) === touching) touches.delete(id);
  });
  const touching = { seenAt, call };
  if (touches.size > 999) touches.clear();
  touches.set(id, touching);
  return touching;
}
