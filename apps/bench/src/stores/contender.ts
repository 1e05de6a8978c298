import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";

export type Engine = "redis" | "postgres";

/** A running application under test. All serve two paths: `/` answers with the signed-in user, `/sign-in?user=` signs somebody in. */
export interface Serving {
  readonly port: number;
  /** Lets time go by, where the library takes a clock. */
  advance?(ms: number): void;
}

export interface Contender {
  readonly name: string;
  readonly engine: Engine;
  /** What its CPU is compared with: the host alone, or the host with one read of the engine by the same client. */
  readonly floor?: string;
  /** Of ours: a target is set for it. */
  readonly ours?: boolean;
  /** npm packages whose versions belong to its figures. */
  readonly packages: readonly string[];
  /** PostgreSQL: where its sessions are. */
  readonly table?: string;
  /** Starts it in this process, with its sessions in the engine at `url`. */
  start(url: string): Promise<Serving>;
}

/** An application on a free port of this machine. */
export async function listen(listener: RequestListener, rest: Omit<Serving, "port"> = {}): Promise<Serving> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { ...rest, port: (server.address() as AddressInfo).port };
}

/** Hono as its Node server runs it. */
export const onHono = (app: { fetch(request: Request): Response | Promise<Response> }, rest?: Omit<Serving, "port">): Promise<Serving> =>
  listen(getRequestListener((request) => app.fetch(request)), rest);
