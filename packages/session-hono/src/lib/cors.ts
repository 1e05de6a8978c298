import { ACTIVITY_HEADER, CSRF_HEADER, DEADLINES_HEADER } from "@holdfast/session-protocol";
import { originSet } from "./origins.ts";

export interface CorsOptions {
  /** More request headers that pages may send, such as the one of `csrf({ header })`. */
  readonly allowHeaders?: readonly string[];
  /** More response headers that pages may read. */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser keeps the answer to a preflight, in seconds. Default 600. */
  readonly maxAge?: number;
}

/**
 * Options for `cors()` of `hono/cors`: these origins, exactly, with credentials, and the headers that sessions use.
 * Any other origin gets no permission; none is ever reflected unseen.
 *
 * @throws HoldfastError `config` for an origin that is not one
 */
export function corsOptions(origins: readonly string[], options: CorsOptions = {}) {
  const { allowHeaders = [], exposeHeaders = [], maxAge = 600 } = options;
  return {
    origin: [...originSet(origins)],
    credentials: true,
    allowHeaders: ["Content-Type", "Authorization", ACTIVITY_HEADER, CSRF_HEADER, ...allowHeaders],
    exposeHeaders: [DEADLINES_HEADER, CSRF_HEADER, "Retry-After", ...exposeHeaders],
    maxAge,
  };
}
