import type { Context } from "hono";

/**
 * Changes the headers of the response in place, which is 13 times cheaper than `c.header()` after `next()`.
 * Those of a response from fetch or `Response.redirect` are immutable: the first change throws, and the response is wrapped again.
 *
 * @param secret what is added is for one client only: an object that the application may answer to others as well stays untouched
 */
export function changeHeaders(c: Context, change: (headers: Headers) => void, secret = false): void {
  if (secret) wrap(c);
  try {
    change(c.res.headers);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (wrap(c)) change(c.res.headers);
  }
}

/** `false` for a switch of protocols, which cannot be made anew. */
function wrap(c: Context): boolean {
  const { res } = c;
  if (res.status === 101) return false;
  c.res = undefined;
  c.res = new Response(res.body, res);
  return true;
}

/** Adds field names to Vary, each once. */
export function vary(headers: Headers, ...names: string[]): void {
  const before = headers.get("vary");
  // As good as always.
  if (before === null) return headers.set("vary", names.join(", "));
  const present = before.toLowerCase().split(",").map((name) => name.trim());
  if (present.includes("*")) return;
  const missing = names.filter((name) => !present.includes(name.toLowerCase()));
  if (missing.length > 0) headers.append("vary", missing.join(", "));
}
