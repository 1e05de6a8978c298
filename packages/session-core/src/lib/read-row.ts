import type { Engine } from "./engine.ts";
import type { SessionId, StoredSession } from "./port.ts";
import { callStore } from "./store-call.ts";
import { isSessionId } from "./token/credential.ts";

/** An authoritative read outside a request, with the epoch beside it. Whatever is no id has no row. */
export async function readRow<Data>(engine: Engine<Data>, id: SessionId): Promise<StoredSession | null> {
  if (!isSessionId(id)) return null;
  const epoch = engine.epoch.refresh();
  const row = await callStore(engine, "read", () => engine.store.read(id, { authoritative: true }));
  if (epoch) await epoch;
  return row;
}
