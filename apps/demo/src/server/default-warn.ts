/** A third of idle, but 20 s to 60 s: time enough to answer (WCAG 2.2.1). Half of a very short idle. */
export function defaultWarn(idle: number): number {
  return Math.min(Math.max(20_000, idle / 3), 60_000, idle < 30_000 ? idle / 2 : Infinity);
}
