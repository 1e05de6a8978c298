import type { Clock } from "./clock.ts";
import { HoldfastError } from "./errors.ts";

/** Attempts at one change of one row before it gives up with `conflict`. */
export const ATTEMPTS = 8;

export const conflict = (what = "session"): HoldfastError => new HoldfastError("conflict", `The ${what} was changed by others ${ATTEMPTS} times in a row; nothing was written.`);

/** Before an attempt, between writers in different processes: the second follows at once, later ones after a random time that doubles. */
export async function backOff(clock: Clock, attempt: number): Promise<void> {
  if (attempt > 2) await clock.wait(Math.random() * 2 ** attempt);
}
