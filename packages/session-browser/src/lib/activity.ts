/** What counts as activity. No `scroll`: a page that scrolls itself makes trusted ones. */
export const ACTIVITY: readonly string[] = ["pointerdown", "pointermove", "keydown", "touchstart", "wheel"];

/**
 * What the browser vouches for, and not the script of a page; nor a move by nothing, as WebKit sends them when content scrolls under a resting mouse. (The first
 * move in a page may be one too, in all engines, but none comes alone.)
 */
export const isInput = (event: Event & Partial<PointerEvent>): boolean => event.isTrusted && (event.type !== "pointermove" || event.movementX !== 0 || event.movementY !== 0);

/** What a frame says to the page around it when its user does something. */
export const FRAME_PULSE = "holdfast:activity";
