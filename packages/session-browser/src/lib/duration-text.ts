import type { Millis } from "@holdfast/session-protocol";

/**
 * `30 minutes`, `1 minute, 47 seconds`; in the grammar of the language. For the countdown, and to say before a form or another task begins how long one may be
 * inactive (WCAG 2.2.6).
 *
 * @param ms rounded up to seconds
 * @param lang a language tag. Default: the browser's language
 */
export function durationText(ms: Millis, lang?: string): string {
  const total = Math.ceil(ms / 1000);
  const parts = Object.entries({ hour: total / 3600, minute: (total / 60) % 60, second: total % 60 })
    .filter(([, count]) => count >= 1)
    .map(([unit, count]) => Math.floor(count).toLocaleString(lang, { style: "unit", unit, unitDisplay: "long" }));
  return new Intl.ListFormat(lang, { type: "unit" }).format(parts);
}
