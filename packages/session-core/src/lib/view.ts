import type { Millis, SessionView } from "@holdfast/session-protocol";
import type { Engine } from "./engine.ts";
import type { SessionState } from "./session/state.ts";

const seconds = (ms: Millis): number => Math.max(0, Math.floor(ms / 1000));

/** What the browser may know: remaining times instead of moments, projected data, no credential. */
export function viewOf<Data>(engine: Engine<Data>, state: SessionState<Data>): SessionView {
  if (state.kind === "none") return state.ended === undefined ? { state: "none" } : { state: "none", ended: state.ended };
  const now = engine.clock.now();
  const live = {
    id: state.id,
    data: engine.project(state) ?? null,
    idleIn: seconds(state.idleAt - now),
    idleFor: seconds(state.idleAt - state.seenAt),
    expiresIn: seconds(state.absoluteAt - now),
    epoch: state.handle,
  };
  if (state.kind === "guest") return { state: "guest", ...live };
  return { state: "active", ...live, subject: state.subject, authenticatedAgo: seconds(now - state.authenticatedAt) };
}
