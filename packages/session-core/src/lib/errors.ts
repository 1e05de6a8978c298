/**
 * - `config`: an option is wrong; the message names it and the fix. Thrown at construction only.
 * - `unavailable`: the store did not answer or answered with a fault (event `store_failed`), or the keys of this roll-out are not all here. Answer 503.
 * - `conflict`: eight attempts to write lost against other writers. Answer 409 or retry.
 * - `rejected`: an update function called `reject(reason)`; nothing was written.
 * - `no_session`: the intent needs a session and there is none, or it ended meanwhile.
 * - `already_committed`: an intent came after the commit (from a stream, a timer, a forgotten await).
 * - `not_loaded`: `state` was read on a lazy session before `load()`.
 * - `limit_reached`: the subject has as many sessions as `concurrent` allows and new ones are refused.
 * - `sign_in_revoked`: the sign-in began before the subject's sessions were revoked.
 * - `authentication_too_old`: `authenticatedAt` is further back than `policy.absolute`; the session would be over at once.
 * - `invalid_data`: session data does not satisfy the schema or is no JSON, or a subject or time is none.
 * - `data_too_large`: session data would be larger than `maxDataBytes`; nothing was written. Answer 413.
 * - `store_full`: the store has no room for another session.
 * - `unsupported`: the store lacks the power this call needs.
 */
export type HoldfastErrorCode =
  | "config"
  | "unavailable"
  | "conflict"
  | "rejected"
  | "no_session"
  | "already_committed"
  | "not_loaded"
  | "limit_reached"
  | "sign_in_revoked"
  | "authentication_too_old"
  | "invalid_data"
  | "data_too_large"
  | "store_full"
  | "unsupported";

export interface HoldfastErrorDetails {
  /** The option at fault, for `config`. */
  readonly option?: string;
  /** The application's own word, for `rejected`. */
  readonly reason?: string;
}

/** Every fault of Holdfast. Match on `code`; the message is for people and carries no secret. It has no `cause`: drivers hang rows on their errors, and who logs an error logs its causes. */
export class HoldfastError extends Error {
  override readonly name = "HoldfastError";
  readonly code: HoldfastErrorCode;
  readonly option: string | undefined;
  readonly reason: string | undefined;

  constructor(code: HoldfastErrorCode, message: string, details: HoldfastErrorDetails = {}) {
    super(message);
    this.code = code;
    this.option = details.option;
    this.reason = details.reason;
  }
}

/** A wrong option: says which one and what to do about it. */
export const configError = (option: string, problem: string): HoldfastError =>
  new HoldfastError("config", `${option}: ${problem}`, { option });

/** Refuses a value that is none of these. */
export function oneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw configError(option, `must be one of ${JSON.stringify(allowed)}.`);
}

/** Refuses what nobody reads: a misspelled limit would be none, and a generator of ids would be believed to be in use. */
export function noOthers(prefix: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) if (!known.includes(name)) throw configError(prefix + name, "is no option; check its spelling.");
}

/** Called inside an update function: nothing is written, and the caller gets code `rejected` with this reason. */
export function reject(reason: string): never {
  throw new HoldfastError("rejected", `The update was rejected: ${reason}`, { reason });
}
