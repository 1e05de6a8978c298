import { isRecord, LIMITS } from "./data.ts";

/** What a client sent is not what was asked for. Becomes a 400 with this title. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** Reads a small JSON object: bounded while reading, whatever Content-Length says. */
export async function readObject(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new BadInput("Send JSON, with content-type: application/json.");
  let value: unknown;
  try {
    value = JSON.parse(await readText(request));
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput("The body is not JSON.");
  }
  if (!isRecord(value)) throw new BadInput("The body must be a JSON object.");
  return value;
}

/** A member of its own, never one of the prototype. */
export const member = (value: Readonly<Record<string, unknown>>, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);

async function readText(request: Request): Promise<string> {
  if (!request.body) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = request.body.getReader();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > LIMITS.body) {
      await reader.cancel();
      throw new BadInput(`The body is larger than ${LIMITS.body} bytes.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
