/** `0:29`, `12:05`, `1:02:09`. Rounded up, so that 0:00 means over. */
export function clockText(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = String(total % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** `30 seconds`, `10 minutes`, `2 hours`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120 && seconds % 60 !== 0) return plural(seconds, "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 120 && minutes % 60 !== 0) return plural(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, "hour") : plural(Math.round(hours / 24), "day");
}

export function agoText(ms: number): string {
  return ms < 45_000 ? "just now" : `${durationText(Math.max(60_000, Math.round(ms / 60_000) * 60_000))} ago`;
}

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
