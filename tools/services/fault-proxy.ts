import { type AddressInfo, connect, createServer, type Socket } from "node:net";

// npm has clients of Toxiproxy, which is a program in Go, and proxies that only pass on: so this is our own.

/**
 * What is wrong with the network from now on.
 * - `black-hole`: connections are accepted, nothing arrives and nobody is told. What was sent arrives once the fault is over, as it does after a cable was out.
 * - `reset`: every connection is reset, new ones too.
 * - `cut-answer`: the request arrives; instead of the first byte of the next answer its client gets a reset. Once, then the network is well.
 * - `half-open`: the other ends of all connections are gone, and no client is told. New connections work. (The system still takes in what clients
 *   send: that nobody acknowledges it cannot be had on loopback.)
 * - `latency`: each piece of a stream, in both directions, waits so many milliseconds.
 * - `drip`: answers come byte by byte, one in so many milliseconds.
 */
export type Fault = "none" | "black-hole" | "reset" | "cut-answer" | "half-open" | { readonly latency: number } | { readonly drip: number };

/** A network between clients and one server, on loopback, that can be broken. */
export interface FaultProxy {
  readonly port: number;
  /** How many connections clients have open. */
  readonly connections: number;
  /** How many connections to the server are open. */
  readonly served: number;
  /** Bytes that clients have sent so far, and that were taken in. */
  readonly asked: number;
  /** Answers that were cut so far. */
  readonly cuts: number;
  set(fault: Fault): void;
  /** Ends every connection. */
  stop(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Its server's end is gone, and the client does not know. */
  orphaned: boolean;
}

const nothing = (): void => undefined;
const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** @param upstream the server's port, asked for with each connection */
export async function startFaultProxy(upstream: () => number, host = "127.0.0.1"): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let fault: Fault = "none";
  let asked = 0;
  let cuts = 0;
  let cleared = Promise.resolve();
  let clear = nothing;

  const reset = ({ client, server }: Pair): void => {
    client.resetAndDestroy();
    server.destroy();
  };

  /** Resolves when these bytes may go on. */
  const passage = async (toClient: boolean): Promise<void> => {
    while (fault === "black-hole") await cleared;
    if (typeof fault === "object" && "latency" in fault) await wait(fault.latency);
    if (typeof fault === "object" && "drip" in fault && toClient) await wait(fault.drip);
  };

  const carry = async (pair: Pair, from: Socket, to: Socket): Promise<void> => {
    const toClient = to === pair.client;
    try {
      for await (const bytes of from as AsyncIterable<Buffer>) {
        if (!toClient) asked += bytes.length;
        for (let at = 0; at < bytes.length; ) {
          await passage(toClient);
          if (pair.orphaned) break;
          if (toClient && fault === "cut-answer") {
            fault = "none";
            cuts += 1;
            return reset(pair);
          }
          const size = toClient && typeof fault === "object" && "drip" in fault ? 1 : bytes.length;
          to.write(bytes.subarray(at, at + size));
          at += size;
        }
      }
      await passage(toClient);
      if (!pair.orphaned) to.end();
    } catch {
      if (!pair.orphaned) reset(pair);
    }
    if (pair.orphaned && !toClient) from.destroy();
  };

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", nothing);
    if (fault === "reset") return void client.resetAndDestroy();
    const server = connect({ port: upstream(), host, allowHalfOpen: true, noDelay: true }).on("error", nothing);
    const pair: Pair = { client, server, orphaned: false };
    pairs.add(pair);
    client.once("close", () => {
      server.destroy();
      pairs.delete(pair);
    });
    void carry(pair, client, server);
    void carry(pair, server, client);
  });
  await new Promise<void>((resolve) => void listener.listen(0, "127.0.0.1", resolve));

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    get served() {
      return [...pairs].filter(({ server }) => !server.destroyed).length;
    },
    get asked() {
      return asked;
    },
    get cuts() {
      return cuts;
    },
    set(next) {
      fault = next;
      clear();
      if (next === "black-hole") cleared = new Promise((resolve) => void (clear = resolve));
      if (next === "reset") for (const pair of pairs) reset(pair);
      if (next !== "half-open") return;
      for (const pair of pairs) {
        pair.orphaned = true;
        pair.server.destroy();
      }
    },
    async stop() {
      // Who waits in `passage` looks at the fault again.
      fault = "none";
      clear();
      const closed = new Promise<void>((resolve) => void listener.close(() => resolve()));
      for (const pair of pairs) {
        // What is still in hand arrives nowhere.
        pair.orphaned = true;
        pair.client.destroy();
      }
      await closed;
    },
  };
}
