import { HoldfastError } from "@holdfast/session-core";
import { type ProblemName, problemType } from "@holdfast/session-protocol";
import type { ErrorHandler } from "hono";

/** Parts of a problem document beside its name; more members may be added. */
export interface ProblemOptions {
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Extension members (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, string | number | boolean>>;
}

const PROBLEM: Readonly<Record<ProblemName, readonly [status: number, title: string]>> = {
  superseded: [401, "The credential was replaced"],
  expired: [401, "There is no session"],
  fresh_required: [403, "A recent authentication is required"],
  proof_required: [401, "A proof of the device is required"],
  csrf: [403, "The request did not come from an allowed origin"],
  unavailable: [503, "Sessions are unavailable"],
  conflict: [409, "The session was changed by others"],
  rejected: [409, "The change was rejected"],
  limit_reached: [403, "Too many sessions"],
  data_too_large: [413, "The session data would be too large"],
  bad_request: [400, "The request is malformed"],
  not_found: [404, "Not found"],
  unsupported: [501, "Not possible with this store"],
};

/** An `application/problem+json` response that no cache keeps; 401 names the scheme (RFC 9110 section 15.5.2), 503 when to come back. */
export function problem(name: ProblemName, options: ProblemOptions = {}): Response {
  const [status, title] = PROBLEM[name];
  const { detail, headers = {}, members = {} } = options;
  const body = { type: problemType(name), title, status, code: name, ...(detail === undefined ? {} : { detail }), ...members };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 401 ? { "www-authenticate": `Session error="${name}"` } : {}),
      ...(status === 503 ? { "retry-after": "1" } : {}),
      ...headers,
    },
  });
}

/** The problem that a fault of the core is to a client. */
export function problemOf(error: HoldfastError): Response {
  switch (error.code) {
    case "unavailable":
    case "store_full":
      return problem("unavailable");
    case "rejected":
      return problem("rejected", error.reason === undefined ? {} : { members: { reason: error.reason } });
    case "conflict":
    case "limit_reached":
    case "data_too_large":
      return problem(error.code);
    case "no_session":
      return problem(error.reason === "superseded" ? "superseded" : "expired");
    case "sign_in_revoked":
      return problem("expired", { detail: "The sessions of this account were ended after the sign-in began. Sign in again." });
    case "invalid_data":
      return problem("bad_request");
    default:
      throw error;
  }
}

/** For `app.onError`: faults of the core become problems, everything else goes to `next`. */
export const holdfastErrorHandler =
  (next: ErrorHandler): ErrorHandler =>
  (error, c) =>
    error instanceof HoldfastError && error.code !== "config" && error.code !== "already_committed" && error.code !== "not_loaded" && error.code !== "unsupported"
      ? problemOf(error)
      : next(error, c);
