import type { Context } from "hono";
import { problem } from "./problem.ts";

const MAX_BYTES = 1024;

/**
 * The JSON object of a small request, `{}` without a body, or the problem to answer.
 * A body must say that it is JSON: the types a plain HTML form can send are refused.
 */
export async function readJson(c: Context): Promise<Readonly<Record<string, unknown>> | Response> {
  const text = await bounded(c.req.raw);
  if (text === undefined) return problem("bad_request", { detail: `The body is longer than ${MAX_BYTES} bytes.` });
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

async function bounded(request: Request): Promise<string | undefined> {
  const reader = request.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_BYTES) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
