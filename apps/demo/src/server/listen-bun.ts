import type { Listen } from "./listen.ts";

/** The part of Bun that matters; its types would change every global one here. */
interface BunServer {
  readonly port: number;
  stop(): Promise<void>;
}
declare const Bun: {
  serve(options: { readonly port: number; readonly hostname: string; fetch(request: Request): Response | Promise<Response> }): BunServer;
};

export const listenOnBun: Listen = async (fetch, at) => {
  const server = Bun.serve({ ...at, fetch: (request) => fetch(request) });
  return { port: server.port, close: () => server.stop() };
};
