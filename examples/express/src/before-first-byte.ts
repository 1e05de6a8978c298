import type { ServerResponse } from "node:http";

/**
 * Runs `work` once, before the first byte of the response; it may set headers. What the application writes waits until it is done. When it
 * fails nothing of that is sent: the response is blank again and `fail` answers it.
 *
 * Packages like on-headers call back at the same moment but synchronously, too late for a write to a store.
 */
export function beforeFirstByte(res: ServerResponse, work: () => Promise<void>, fail: (error: unknown) => void): void {
  const { write, end, writeHead, flushHeaders } = res;
  const waiting: (() => void)[] = [];
  let phase: "before" | "working" | "after" = "before";

  const hold = (call: () => void): void => {
    waiting.push(call);
    if (phase === "working") return;
    phase = "working";
    // For the rest of the application the answer is given: an error handler must not give another.
    Object.defineProperty(res, "headersSent", { configurable: true, value: true });
    work().then(
      () => {
        open();
        for (const call of waiting) call();
        if (!res.writableEnded) res.emit("drain");
      },
      (error: unknown) => {
        open();
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        res.statusCode = 200;
        fail(error);
      },
    );
  };
  const open = (): void => {
    phase = "after";
    Reflect.deleteProperty(res, "headersSent");
  };

  res.write = (...args: unknown[]): boolean => {
    if (phase === "after") return Reflect.apply(write, res, args);
    hold(() => Reflect.apply(write, res, args));
    return false; // so that a pipe waits for the drain
  };
  res.end = (...args: unknown[]) => {
    if (phase === "after") return Reflect.apply(end, res, args);
    hold(() => Reflect.apply(end, res, args));
    return res;
  };
  res.flushHeaders = () => {
    if (phase === "after") Reflect.apply(flushHeaders, res, []);
    else hold(() => Reflect.apply(flushHeaders, res, []));
  };
  res.writeHead = (status: number, ...rest: unknown[]) => {
    if (phase === "after") return Reflect.apply(writeHead, res, [status, ...rest]);
    // As headers of the response, so that `work` sees them and adds to them instead of losing to them.
    const headers = rest.at(-1);
    for (const [name, value] of pairsOf(headers)) res.setHeader(name, value);
    const message = typeof rest[0] === "string" ? [rest[0]] : [];
    hold(() => Reflect.apply(writeHead, res, [status, ...message]));
    return res;
  };
}

type Pair = [name: string, value: string | string[]];

/** The headers of writeHead: an object, or a flat list of names and values. */
function pairsOf(headers: unknown): Pair[] {
  if (typeof headers !== "object" || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers) as Pair[];
  const named = new Map<string, string[]>();
  for (let i = 0; i < headers.length; i += 2) named.set(String(headers[i]), [...(named.get(String(headers[i])) ?? []), String(headers[i + 1])]);
  return [...named];
}
