import { HoldfastError } from "@holdfast/session-core/store";

export const wrongOption = (option: string, problem: string): HoldfastError => new HoldfastError("config", `${option}: ${problem}`, { option });

/**
 * A fault of a memcached server or of the way to it.
 * - `ECONNECTION`: it cannot be reached, or the connection broke. What was under way may have taken effect.
 * - `ETIMEDOUT`: it took too long to connect or to answer.
 * - `EPROTOCOL`: what answers is no memcached of 1.6 or later, or refuses this user.
 * - `ESERVER`: it could not do what was asked, for want of memory for example; the message says what it said.
 */
export class MemcachedError extends Error {
  override readonly name = "MemcachedError";
  readonly code: "ECONNECTION" | "ETIMEDOUT" | "EPROTOCOL" | "ESERVER";

  constructor(code: MemcachedError["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
