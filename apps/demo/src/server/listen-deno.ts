import type { Listen } from "./listen.ts";

/** The part of Deno that matters; its types would change every global one here. */
interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}
declare const Deno: {
  serve(options: { readonly port: number; readonly hostname: string; onListen(): void }, handler: (request: Request) => Response | Promise<Response>): DenoServer;
};

export const listenOnDeno: Listen = async (fetch, at) => {
  const server = Deno.serve({ ...at, onListen: () => undefined }, (request) => fetch(request));
  return { port: server.addr.port, close: () => server.shutdown() };
};
