import type { Millis } from "@holdfast/session-protocol";

/** For how long `notBefore` of a subject counts: as long as a session may live. No sign-in is accepted whose authentication is further back, so an older mark refuses nobody. */
export const MARKS_KEPT: Millis = 400 * 24 * 60 * 60 * 1000;
