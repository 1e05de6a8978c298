import type { HoldfastError, HoldfastErrorCode } from "@holdfast/session-core";

export interface Problem {
  readonly status: number;
  readonly code: HoldfastErrorCode;
}

const STATUS: Partial<Record<HoldfastErrorCode, number>> = {
  conflict: 409,
  data_too_large: 413,
  invalid_data: 400,
  limit_reached: 403,
  no_session: 401,
  rejected: 409,
  sign_in_revoked: 401,
  store_full: 503,
  unavailable: 503,
};

/** What a fault of Holdfast is to a client; `undefined` for everything that is the application's own mistake. */
export function problemOf(error: unknown): Problem | undefined {
  // By name, not by instanceof: bundlers of full-stack frameworks make one copy of a class for each of their bundles.
  if (!(error instanceof Error) || error.name !== "HoldfastError") return undefined;
  const { code } = error as HoldfastError;
  const status = STATUS[code];
  return status === undefined ? undefined : { status, code };
}
