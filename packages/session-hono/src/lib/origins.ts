import type { HoldfastError } from "@holdfast/session-core";
import { configError } from "./config-error.ts";

/** The origin of a URL; `"null"` for what is none, which no list of origins holds. */
export function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "null";
  }
}

/**
 * A set of origins, each exactly as browsers send it. Those of a web view or an extension have a scheme of their own, `capacitor://localhost`.
 *
 * @throws HoldfastError `config` for one that is not an origin, or http and not of this machine
 */
export function originSet(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) check(origin);
  return new Set(origins);
}

function check(origin: string): void {
  const wrong = (what: string): HoldfastError => configError("origins", `"${origin}" ${what}`);
  // URL knows the origins of a few schemes only.
  if (/^(?!(?:https?|wss?|ftp|file):)[a-z][a-z\d+.-]*:\/\/[a-z\d._-]+$/.test(origin)) return;
  if (originOf(origin) !== origin || origin.includes("*") || !origin.startsWith("http")) throw wrong('is not an origin; write it like "https://app.example", without path, trailing slash or wildcard.');
  const { protocol, hostname } = new URL(origin);
  if (protocol !== "https:" && !/^(?:(?:.+\.)?localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) throw wrong("is not https; session cookies do not work there. Only localhost may use http.");
}
