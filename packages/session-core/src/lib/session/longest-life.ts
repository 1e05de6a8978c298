import type { Millis } from "@holdfast/session-protocol";
import type { Policy } from "./policy.ts";

/** How long the longest session of any kind lives after its last authentication. */
export const longestLife = ({ absolute, guest, remember }: Policy): Millis => Math.max(absolute, guest.absolute, remember === "off" ? absolute : remember.absolute);
