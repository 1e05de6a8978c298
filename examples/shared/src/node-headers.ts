import type { IncomingHttpHeaders } from "node:http";

/** Node's headers for `sessions.open`: Node has joined what may be joined, several Cookie fields with a semicolon. */
export function fetchHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    if (value !== undefined && !name.startsWith(":")) headers.set(name, String(value)); // HTTP/2 has pseudo headers
  }
  return headers;
}
