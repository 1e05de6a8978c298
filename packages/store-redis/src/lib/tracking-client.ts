import { wrongOption } from "./errors.ts";

type Listener = (...args: unknown[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** `createClient({ RESP: 3, emitInvalidate: true })` of node-redis 5 or 6; it may be the one that the store reads with. */
interface NodeRedisTracker extends Emitter {
  readonly options?: { readonly RESP?: number | undefined; readonly emitInvalidate?: boolean | undefined } | undefined;
  readonly isReady: boolean;
  sendCommand(args: string[]): Promise<unknown>;
}

/** `new Redis({ protocol: 2 })` of ioredis 5 or 6, for this alone: it becomes a subscriber. */
interface IoredisTracker extends Emitter {
  readonly options: { readonly protocol?: number | undefined };
  readonly status: string;
  call(command: string, args: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** A connected client of node-redis or ioredis to one server, or through ioredis to the master of a Sentinel set. */
export type TrackingClient = NodeRedisTracker | IoredisTracker;

/** One connection that changes arrive on, whichever client it belongs to. */
export interface Tracker {
  readonly ready: boolean;
  /** Asks the server to tell of every key that begins in one of these ways, on this connection. */
  arm(prefixes: readonly string[]): Promise<void>;
  /** `keys` is `null` when the server was emptied. Returns what ends it. */
  listen(on: Listening): () => void;
}

interface Listening {
  changed(keys: readonly unknown[] | null): void;
  lost(): void;
  connected(): void;
}

const CHANNEL = "__redis__:invalidate";
const LOST = ["error", "reconnecting", "close", "end"];

export function trackerOf(client: TrackingClient): Tracker {
  if (typeof client !== "object" || client === null) throw wrongOption("client", "must be a client of ioredis or node-redis.");
  if ("subscribe" in client && "call" in client) return ofIoredis(client);
  const { RESP = 2, emitInvalidate }: NonNullable<NodeRedisTracker["options"]> = client.options ?? {};
  if (!("sendCommand" in client) || RESP !== 3 || !emitInvalidate) throw wrongOption("client", "node-redis tells of changes with createClient({ RESP: 3, emitInvalidate: true }).");
  return {
    get ready() {
      return client.isReady;
    },
    async arm(prefixes) {
      await client.sendCommand(["CLIENT", "TRACKING", "OFF"]);
      await client.sendCommand(["CLIENT", "TRACKING", "ON", "BCAST", ...named(prefixes)]);
    },
    listen: (on) => attach(client, on, "invalidate", (key) => on.changed(key === null ? null : [key])),
  };
}

function ofIoredis(client: IoredisTracker): Tracker {
  // Version 6 speaks RESP3 by default, and then drops what the server tells.
  if (client.options.protocol !== 2 && "protocol" in client.options) throw wrongOption("client", "ioredis tells of changes with new Redis({ protocol: 2 }), a connection for this alone.");
  return {
    get ready() {
      return client.status === "ready";
    },
    async arm(prefixes) {
      // A subscriber may not ask for it, and the client subscribes again by itself. Valkey calls it a fault where there is nothing to leave.
      await client.unsubscribe(CHANNEL).catch(() => undefined);
      await client.call("CLIENT", ["TRACKING", "OFF"]);
      const id = String(await client.call("CLIENT", ["ID"]));
      // To itself: a connection that is lost takes its tracking with it, and nothing is told to nobody.
      await client.call("CLIENT", ["TRACKING", "ON", "REDIRECT", id, "BCAST", ...named(prefixes)]);
      await client.subscribe(CHANNEL);
    },
    // The event for texts makes one of all keys.
    listen: (on) => attach(client, on, "messageBuffer", (channel, keys) => String(channel) === CHANNEL && on.changed(keys as readonly unknown[] | null)),
  };
}

const named = (prefixes: readonly string[]): string[] => prefixes.flatMap((prefix) => ["PREFIX", prefix]);

function attach(client: Emitter, { lost, connected }: Listening, event: string, changed: Listener): () => void {
  const listeners: readonly (readonly [string, Listener])[] = [[event, changed], ["ready", connected], ...LOST.map((name) => [name, lost] as const)];
  for (const [event, listener] of listeners) client.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) client.off(event, listener);
  };
}
