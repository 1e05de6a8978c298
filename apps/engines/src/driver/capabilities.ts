import type { EngineName } from "./types.ts";

/** What an engine can be driven to here. */
export interface Capabilities {
  /** A tab's process ends while its page runs: `killed`, or `stopped` for good where the driver does not survive a kill. */
  readonly crash: "killed" | "stopped";
  /** Page lifecycle `freeze` and `resume`, as the browser itself does it to tabs nobody looks at. */
  readonly freeze: boolean;
  /** Background tabs are really hidden: `visibilitychange` comes when another tab is brought to the front. */
  readonly hidden: boolean;
  /** The browser itself goes offline, with its `offline` and `online` events. */
  readonly offline: boolean;
  /** Tells of cookies that change. */
  readonly cookieStore: boolean;
  /** A message on a channel that a page in the back-forward cache has open throws the page out. */
  readonly evicts: boolean;
  /** Content that scrolls under a resting mouse makes a trusted `pointermove`. */
  readonly scrollMoves: boolean;
}

/** What a run can need. */
export type Power = Exclude<keyof Capabilities, "crash" | "evicts" | "scrollMoves">;

/** Known before an engine starts, since it decides which runs there are. A test asks each engine whether it is true. */
export const CAPABILITIES: Readonly<Record<EngineName, Capabilities>> = {
  chromium: { crash: "killed", freeze: true, hidden: true, offline: true, cookieStore: true, evicts: true, scrollMoves: false },
  firefox: { crash: "killed", freeze: false, hidden: true, offline: true, cookieStore: true, evicts: true, scrollMoves: false },
  webkit: { crash: "stopped", freeze: false, hidden: false, offline: false, cookieStore: true, evicts: false, scrollMoves: true },
};

/** Why not, for the table. */
export const LACKS: Readonly<Record<Power, string>> = { freeze: "no freeze", hidden: "no hidden tabs", offline: "no offline", cookieStore: "no cookieStore" };
