/** Begins the line that holds the outcome, among what else a process may print. */
export const OUTCOME = "conformance outcome: ";
