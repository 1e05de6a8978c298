import type { Commands } from "./client.ts";

/** What clients of both libraries say of their connection. */
interface Connection {
  /** node-redis: open until it is closed for good, ready while it is connected. */
  readonly isOpen?: boolean;
  readonly isReady?: boolean;
  /** ioredis. Lazy ones connect with the first command. */
  readonly status?: string;
  readonly options?: { readonly enableOfflineQueue?: boolean; readonly disableOfflineQueue?: boolean };
  on?(event: string, listener: () => void): unknown;
  off?(event: string, listener: () => void): unknown;
}

/** After these the client may have its connection, or none for good: node-redis tells of the latter with an error where its `reconnectStrategy` gives up. */
const EVENTS = ["ready", "end", "error"];

/**
 * While the client has no connection, calls that may be given up wait here, not in its queue: it would send them afterwards, though nobody waits for them any
 * more, however many they are. node-redis has signals for that, but until 6.3 whoever uses two of them has a client that never sends anything again.
 * A client that is told to queue nothing refuses by itself.
 */
export function sentWhenReady(client: object, commands: Commands): Commands {
  const connection: Connection = client;
  const { enableOfflineQueue = true, disableOfflineQueue = false } = connection.options ?? {};
  const waiting = new Set<() => void>();
  let listening = false;
  const away = (): boolean => (connection.isReady === false ? connection.isOpen === true : /^(connect|connecting|reconnecting|close)$/.test(connection.status ?? ""));
  const wake = (): void => {
    if (away()) return;
    listening = false;
    for (const event of EVENTS) connection.off?.(event, wake);
    const all = [...waiting];
    waiting.clear();
    for (const go of all) go();
  };
  const whenReady = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = (): void => {
        waiting.delete(go);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", stop, { once: true });
      waiting.add(go);
      if (listening) return;
      listening = true;
      for (const event of EVENTS) connection.on?.(event, wake);
    });
  const when = (key: string, signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<unknown> => {
    if (!signal || !away()) return work();
    // Pairs of node-redis are queued whatever it is told, single commands are not.
    if (!enableOfflineQueue || disableOfflineQueue) return commands.send(key, ["PING"]).then(work);
    return whenReady(signal).then(() => when(key, signal, work));
  };
  return {
    ...commands,
    away,
    send: (key, args, signal) => when(key, signal, () => commands.send(key, args)),
    together: (key, first, second, signal) => when(key, signal, () => commands.together(key, first, second)) as Promise<readonly [unknown, unknown]>,
  };
}
