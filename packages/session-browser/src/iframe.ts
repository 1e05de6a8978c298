import { ACTIVITY, FRAME_PULSE, isInput } from "./lib/activity.ts";

export interface ReportOptions {
  /** Origin of the page around this frame, which has this frame's origin in its `frames`. Nobody else hears the pulses. */
  readonly to: string;
}

/** For a document in a frame: tells the page around it that the user does something, at most every 5 s, and nothing else. Returns what stops it. */
export function reportActivity({ to }: ReportOptions): () => void {
  const controller = new AbortController();
  let next = 0;
  const report = (event: Event): void => {
    if (!isInput(event) || event.timeStamp < next) return;
    next = event.timeStamp + 5000;
    parent.postMessage(FRAME_PULSE, to);
  };
  for (const type of ACTIVITY) addEventListener(type, report, { passive: true, capture: true, signal: controller.signal });
  return () => controller.abort();
}
