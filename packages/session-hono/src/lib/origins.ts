import { HoldfastError } from "@holdfast/session-core";

/** The origin of a URL; `"null"` for what is none, which no list of origins holds. */
export function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "null";
  }
}

/**
 * A set of origins, each exactly as browsers send it.
 *
 * @throws HoldfastError `config` for one that is not an origin, or not https and not localhost
 */
export function originSet(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) check(origin);
  return new Set(origins);
}

function check(origin: string): void {
  const wrong = (what: string): HoldfastError => new HoldfastError("config", `origins: "${origin}" ${what}`, { option: "origins" });
  if (originOf(origin) !== origin || origin === "null" || origin.includes("*")) throw wrong('is not an origin; write it like "https://app.example", without path, trailing slash or wildcard.');
  const { protocol, hostname } = new URL(origin);
  const local = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  if (protocol !== "https:" && !(protocol === "http:" && local)) throw wrong("is not https; session cookies do not work there. Only localhost may use http.");
}
