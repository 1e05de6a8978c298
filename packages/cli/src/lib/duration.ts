import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `8h` or `30d`, in ms. */
export function parseDuration(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const millis = Number(count) * (UNITS[unit] ?? 0);
  if (!(millis > 0)) throw new InvalidArgumentError("It must be a number with s, m, h or d, like 30m or 8h.");
  return millis;
}

/** The two largest units, rounded down: `3d 4h`. */
export function formatDuration(millis: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, millis);
  for (const [unit, size] of Object.entries(UNITS).toReversed()) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}
