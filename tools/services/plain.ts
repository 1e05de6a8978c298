import { givenServer } from "./given.ts";
import { type ServiceName, serviceFor } from "./programs.ts";
import type { Server } from "./server.ts";

/** A server for tests that only talk to it: they keep to a place of their own there, and leave nothing in it. */
export type PlainServer = Pick<Server, "url" | "stop">;

export interface Source<Place> {
  /** Without it the suite is skipped, which was said aloud. */
  readonly here: boolean;
  open(): Promise<Place>;
}

/** The server that was given, which stays as it is, or one of the suite's own. */
export function plainServer(service: ServiceName, what: string, start: (program: string) => Promise<PlainServer>): Source<PlainServer> {
  const given = givenServer(service);
  if (given) return { here: true, open: async () => ({ url: given.url, stop: async () => undefined }) };
  const program = serviceFor(service, what);
  return { here: program !== undefined, open: () => start(program ?? "") };
}

/** A name for what such tests make, which nobody else has. */
export const ownName = (): string => `holdfast_test_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;

/** A database of one's own on such a server. */
export interface Database {
  readonly url: string;
  remove(): Promise<void>;
}

/** @param ask one statement, on a connection of its own */
export const databasesOn = ({ here, open }: Source<PlainServer>, ask: (url: string, statement: string) => Promise<unknown>, drop = "DROP DATABASE %"): Source<Database> => ({
  here,
  async open() {
    const { url, stop } = await open();
    const name = ownName();
    await ask(url, `CREATE DATABASE ${name}`);
    return {
      url: Object.assign(new URL(url), { pathname: name }).href,
      async remove() {
        await ask(url, drop.replace("%", name));
        await stop();
      },
    };
  },
});
