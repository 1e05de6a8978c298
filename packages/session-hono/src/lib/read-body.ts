import { bodyLimit } from "hono/body-limit";
import type { Context } from "hono";
import { problem } from "./problem.ts";

const MAX_BYTES = 1024;

/** Whether the body has at most this many bytes; only then may it be read, through `c.req`, which keeps it for the handler. */
export async function bodyFits(c: Context, maxSize: number): Promise<boolean> {
  // Read through `c.req` in front of us, so it is kept there.
  if (c.req.raw.bodyUsed) return (await c.req.arrayBuffer()).byteLength <= maxSize;
  let fits = false;
  await bodyLimit({ maxSize, onError: () => new Response() })(c, async () => void (fits = true));
  return fits;
}

/**
 * The JSON object of a small request, `{}` without a body, or the problem to answer.
 * A body must say that it is JSON: the types a plain HTML form can send are refused.
 */
export async function readJson(c: Context): Promise<Readonly<Record<string, unknown>> | Response> {
  if (!(await bodyFits(c, MAX_BYTES))) return problem("bad_request", { detail: `The body is longer than ${MAX_BYTES} bytes.` });
  const text = await c.req.text();
  if (text === "") return {};
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header("content-type") ?? "")) return problem("bad_request", { detail: "Content-Type must be application/json." });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  return problem("bad_request", { detail: "The body is not a JSON object." });
}
