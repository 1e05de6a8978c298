/** Milliseconds since the Unix epoch when a moment is meant, plain milliseconds when a duration is. */
export type Millis = number;

/** Whole seconds, relative to the response that carries them: immune to clock skew between server and browser. */
export type Seconds = number;

/** Why a session is over. Told only to the holder of an authentic credential, while the ended row lasts. */
export type EndedReason = "idle" | "absolute" | "revoked" | "reuse" | "logout";

/** Response header with the acknowledged deadlines of the session the response belongs to. */
export const DEADLINES_HEADER = "Session-Deadlines";

/** Request header by which traffic says that no user is behind it: `Session-Activity: none`. */
export const ACTIVITY_HEADER = "Session-Activity";

/** The header by which a CSRF token goes both ways, where a server uses them. */
export const CSRF_HEADER = "X-CSRF-Token";

/** Where the session routes live unless configured otherwise. */
export const DEFAULT_BASE = "/session";

/** Problem types, stable across versions; `type` in the document is `urn:holdfast:problem:<name>`. */
export const PROBLEMS = [
  "superseded",
  "expired",
  "fresh_required",
  "proof_required",
  "csrf",
  "unavailable",
  "conflict",
  "rejected",
  "limit_reached",
  "data_too_large",
  "bad_request",
  "not_found",
  "unsupported",
] as const;

export type ProblemName = (typeof PROBLEMS)[number];

const PROBLEM_PREFIX = "urn:holdfast:problem:";

/** The `type` member of a problem document (RFC 9457 section 3.1.1). */
export const problemType = (name: ProblemName): string => PROBLEM_PREFIX + name;

/** Reads the `type` member back; `undefined` for a problem that is not one of ours. */
export function parseProblemType(type: unknown): ProblemName | undefined {
  if (typeof type !== "string" || !type.startsWith(PROBLEM_PREFIX)) return undefined;
  return PROBLEMS.find((name) => type === PROBLEM_PREFIX + name);
}
