/** What counts as activity. No `scroll`: a page that scrolls itself makes trusted ones. */
export const ACTIVITY: readonly string[] = ["pointerdown", "pointermove", "keydown", "touchstart", "wheel"];

/** What a frame says to the page around it when its user does something. */
export const FRAME_PULSE = "holdfast:activity";
