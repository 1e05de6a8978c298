/**
 * - `usage`: the command line says nothing that can be done.
 * - `invalid`: no key file, or one that is wrong.
 * - `too_early`: requests would fail; `after` says from when on they do not. Nothing was written.
 * - `exists`: there is a file already, or another run is writing it. Nothing was written.
 * - `failed`: the file could not be read or written, or anything else.
 */
export type FaultCode = "usage" | "invalid" | "too_early" | "exists" | "failed";

/** What the process ends with. Scripts match on these, so they never change. */
export const EXIT_CODES: Readonly<Record<FaultCode, number>> = { failed: 1, usage: 2, invalid: 3, too_early: 4, exists: 5 };

/** Why a command did nothing. The message carries no secret. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  /** For `too_early`: when it is not any more, in ms since 1970. */
  readonly after: number | undefined;

  constructor(code: FaultCode, message: string, after?: number) {
    super(message);
    this.code = code;
    this.after = after;
  }
}
