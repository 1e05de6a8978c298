import { serve } from "@hono/node-server";
import type { Listen } from "./listen.ts";

export const listenOnNode: Listen = (fetch, at) =>
  new Promise((resolve, reject) => {
    const server = serve({ fetch, ...at }, ({ port }) => {
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
          if ("closeIdleConnections" in server) server.closeIdleConnections();
        });
      resolve({ port, close });
    });
    server.on("error", reject);
  });
