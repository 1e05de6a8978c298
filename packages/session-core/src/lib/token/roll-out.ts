import type { Millis } from "@holdfast/session-protocol";

/** How long a key file may take to reach every server: roll-outs are minutes, and one that starts late must not make requests fail. */
export const ROLL_OUT: Millis = 300_000;
