import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import type { SessionId } from "../port.ts";
import type { SessionRecord } from "../record.ts";
import { deadlinesOf } from "./deadlines.ts";
import type { Draft } from "./draft.ts";
import type { ActiveState, GuestState } from "./state.ts";

const AS_STORED = { elevated: undefined, changed: undefined };
const NONE: readonly string[] = /* @__PURE__ */ Object.freeze([]);

/** What the application sees of a live session. */
export function liveState<Data>(
  engine: Engine<Data>,
  id: SessionId,
  record: SessionRecord,
  data: Data,
  times: { readonly createdAt: Millis; readonly seenAt: Millis },
  { elevated, changed }: Pick<Draft<Data>, "elevated" | "changed"> = AS_STORED,
): ActiveState<Data> | GuestState<Data> {
  const { createdAt, seenAt } = times;
  const { idleAt, absoluteAt } = deadlinesOf(record, seenAt, engine.policy, elevated?.startedAt);
  const handle = engine.ring.handle(id);
  const { subject, device, key } = record;
  if (subject === undefined) return { kind: "guest", id, handle, data, createdAt, seenAt, idleAt, absoluteAt };
  const { authenticatedAt, acr, amr } = elevated ?? record;
  return { kind: "active", id, handle, data, createdAt, seenAt, idleAt, absoluteAt, subject, authenticatedAt, acr, amr, device, key, signals: changed?.signals ?? NONE, suspect: changed?.action === "elevate" };
}
