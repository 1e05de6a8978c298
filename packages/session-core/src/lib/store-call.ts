import type { Engine } from "./engine.ts";
import { HoldfastError } from "./errors.ts";

/** Runs one verb of the store; a fault becomes `unavailable` and an event, and never "no session". */
export async function callStore<T>(engine: Pick<Engine<never>, "emit">, verb: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    engine.emit({ type: "store_failed", verb, error: cause });
    throw new HoldfastError("unavailable", `The session store failed at ${verb}.`, { cause });
  }
}
