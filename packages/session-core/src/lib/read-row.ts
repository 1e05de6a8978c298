import type { Engine } from "./engine.ts";
import type { SessionId, StoredSession } from "./port.ts";
import { callStore } from "./store-call.ts";
import { isSessionId } from "./token/credential.ts";

/** One read, where nothing else is said of what the engine itself has. @throws HoldfastError `unavailable` */
export const askRow = <Data>(engine: Pick<Engine<Data>, "store" | "emit">, id: SessionId): Promise<StoredSession | null> =>
  callStore(engine, "read", () => engine.store.read(id, { authoritative: true }));

/** An authoritative read outside a request, with the epoch beside it. Whatever is no id has no row. */
export async function readRow<Data>(engine: Engine<Data>, id: SessionId): Promise<StoredSession | null> {
  if (!isSessionId(id)) return null;
  const epoch = engine.epoch.refresh();
  const row = await askRow(engine, id);
  if (epoch) await epoch;
  return row;
}
