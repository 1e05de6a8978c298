import { createServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import type { IncomingMessage } from "node:http";
import type { Certificate } from "./certificate.ts";
import type { Site } from "./site.ts";

export interface Server {
  /** Gives a site a host name of its own, below `localhost`; returns its address. */
  readonly serve: (name: string, site: Pick<Site, "fetch">) => string;
  /** Who connects is thrown out: a machine without network. */
  down: boolean;
  readonly close: () => Promise<void>;
}

/** https on a free port of 127.0.0.1, for any number of sites, told apart by host name. */
export async function startServer({ key, cert }: Certificate): Promise<Server> {
  const sites = new Map<string, Pick<Site, "fetch">>();
  const listener = getRequestListener(async (request, env) => {
    const site = sites.get(new URL(request.url).hostname);
    const answer = state.down ? "down" : (await site?.fetch(request)) ?? new Response("no such site", { status: 421 });
    if (answer !== "down") return answer;
    // No answer at all, as when a connection breaks.
    const { incoming } = env as { incoming: IncomingMessage };
    incoming.socket.destroy();
    return new Response(null, { status: 503 });
  }, { overrideGlobalObjects: false });
  const server = createServer({ key, cert }, (incoming, outgoing) => void listener(incoming, outgoing));
  const state: Server = {
    down: false,
    serve(name, site) {
      const host = `${name}.localhost`;
      sites.set(host, site);
      return `https://${host}:${port}`;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on("connection", (socket) => {
    if (state.down) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return state;
}
