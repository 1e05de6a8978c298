import type { RequestListener } from "node:http";
import { inject } from "light-my-request";
import type { App } from "../app.ts";

/** Drives a listener of `node:http` without a socket, by the library that Fastify's own `inject` is made of. */
export const nodeHost = (listener: RequestListener, packages: readonly string[]): App => ({
  packages: ["light-my-request", ...packages],
  async get(path, cookie) {
    const response = await inject(listener as Parameters<typeof inject>[0], { method: "GET", url: path, ...(cookie === undefined ? {} : { headers: { cookie } }) });
    return {
      status: response.statusCode,
      cookies: () => response.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`),
      text: async () => response.payload,
    };
  },
});
