import { DEADLINES_HEADER, type Millis } from "@holdfast/session-protocol";
import type { Committed } from "./session/state.ts";

const KEPT = /(?:^|[\s,])(?:public|immutable|(?:s-maxage|max-age|stale-while-revalidate|stale-if-error)\s*=\s*"?0*[1-9])/i;
const PRIVATE = /(?:^|[\s,])(?:no-store|no-cache|private)/i;

/** Cache-Control, the fields that override it at one kind of cache (RFC 9213: `CDN-Cache-Control` and its like), and their forerunner. */
const speaksToCaches = (name: string): boolean => name.endsWith("cache-control") || name === "surrogate-control";

/**
 * Whether the application wants this answer to be kept by caches, ours or others'.
 *
 * @param now tells an `Expires` in the future from one in the past
 */
export function isCacheable(headers: Headers, now: Millis = Date.now()): boolean {
  // Looking through the few names there are costs less than asking for four.
  for (const name of headers.keys()) {
    if (speaksToCaches(name)) {
      const control = headers.get(name) ?? "";
      if (KEPT.test(control) && !PRIVATE.test(control)) return true;
    } else if (name === "expires" && Date.parse(headers.get(name) ?? "") > now && !/max-age|no-store|no-cache|private/i.test(headers.get("cache-control") ?? "")) return true;
  }
  return false;
}

/**
 * Puts what a commit says onto the headers of the response, for adapters. A cookie takes every leave to keep the answer away, also from caches
 * that do not look at `Cache-Control`; without one, an answer that was made cacheable since the commit gets no deadlines.
 */
export function applyCommit(target: Headers, { cookies, headers }: Pick<Committed<unknown>, "cookies" | "headers">, cacheable: boolean): void {
  for (const [name, value] of headers) if (name !== DEADLINES_HEADER || !cacheable || cookies.length > 0) target.set(name, value);
  if (cookies.length === 0) return;
  const leaves = [...target.keys()].filter((name) => name === "expires" || (speaksToCaches(name) && name !== "cache-control"));
  for (const name of leaves) target.delete(name);
  for (const { header } of cookies) target.append("set-cookie", header);
}
