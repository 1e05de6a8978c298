/** A deadline for each call of a store, in ms: long, because what the shared suites show does not depend on how fast an engine is. */
export const UNHURRIED = 60_000;
