export { type SessionDeadlines, formatDeadlines, parseDeadlines } from "./lib/deadlines-header.ts";
export { type Deadlines, type Evaluation, evaluate } from "./lib/evaluate.ts";
export { type SessionView, parseSessionView } from "./lib/session-view.ts";
export {
  ACTIVITY_HEADER,
  CSRF_HEADER,
  DEADLINES_HEADER,
  DEFAULT_BASE,
  type EndedReason,
  type Millis,
  PROBLEMS,
  type ProblemName,
  parseProblemType,
  problemType,
  type Seconds,
} from "./lib/wire.ts";
