import type { HonoRequest, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { isRecord, LIMITS } from "./data.ts";

/** What a client sent is not what was asked for. Becomes a 400 with this title. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** In front of everything that reads a body: none is longer than this, whatever Content-Length says. */
export const boundedBody = (): MiddlewareHandler =>
  bodyLimit({
    maxSize: LIMITS.body,
    onError: () => {
      throw new BadInput(`The body is larger than ${LIMITS.body} bytes.`);
    },
  });

/** Reads a small JSON object. */
export async function readObject(request: HonoRequest): Promise<Readonly<Record<string, unknown>>> {
  const type = request.header("content-type") ?? "application/json";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new BadInput("Send JSON, with content-type: application/json.");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await request.arrayBuffer()));
  } catch {
    throw new BadInput("The body is not JSON.");
  }
  if (!isRecord(value)) throw new BadInput("The body must be a JSON object.");
  return value;
}

/** A member of its own, never one of the prototype. */
export const member = (value: Readonly<Record<string, unknown>>, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
