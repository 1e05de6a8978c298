import { HoldfastError } from "./errors.ts";
import type { WithoutTime } from "./emitter.ts";
import type { SessionEvent } from "./events.ts";

/** Who is told of a fault of the store. */
export type Heard = (event: WithoutTime<Extract<SessionEvent, { readonly type: "store_failed" }>>) => void;

interface Emitter {
  readonly emit: Heard;
}

/**
 * A fault of the store: an event, and what the caller throws. It is never "no session". Of the driver's error only name and code are told: its text
 * may quote the row. Of a store's own words only those pass that say nothing about the session.
 */
export function storeFault(engine: Emitter, verb: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError && /^(store_full|unavailable)$/.test(cause.code)) return cause;
  const error = faultName(cause);
  engine.emit({ type: "store_failed", verb, error, cause: () => cause });
  return new HoldfastError("unavailable", `The session store failed at ${verb}: ${error}`);
}

/** What may be told of a driver's error. */
export function faultName(cause: unknown): string {
  const { name, code }: { name?: unknown; code?: unknown } = Object(cause);
  return `${name ?? "Error"} ${code ?? ""}`.trim();
}

/** Runs one verb of the store. @throws HoldfastError `unavailable` */
export async function callStore<T>(engine: Emitter, verb: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw storeFault(engine, verb, cause);
  }
}
