import type { Engine } from "./engine.ts";
import { HoldfastError } from "./errors.ts";

type Emitter = Pick<Engine<never>, "emit">;

/** A fault of the store: an event, and what the caller throws. It is never "no session". */
export function storeFault(engine: Emitter, verb: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  engine.emit({ type: "store_failed", verb, error: cause });
  return new HoldfastError("unavailable", `The session store failed at ${verb}.`, { cause });
}

/** Runs one verb of the store. @throws HoldfastError `unavailable` */
export async function callStore<T>(engine: Emitter, verb: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw storeFault(engine, verb, cause);
  }
}
