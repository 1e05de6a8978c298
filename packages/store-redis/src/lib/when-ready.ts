import type { Commands } from "./client.ts";

/** What clients of both libraries say of their connection. */
interface Connection {
  /** node-redis: open until it is closed for good, ready while it is connected. */
  readonly isOpen?: boolean;
  readonly isReady?: boolean;
  /** ioredis. Lazy ones connect with the first command. */
  readonly status?: string;
  once?(event: "ready", listener: () => void): unknown;
}

/**
 * While the client has no connection, calls that may be given up wait here, not in its queue: it would send them afterwards, though nobody waits for them any
 * more, however many they are. node-redis has signals for that, but until 6.3 whoever uses two of them has a client that never sends anything again.
 */
export function sentWhenReady(client: object, commands: Commands): Commands {
  const connection: Connection = client;
  const waiting = new Set<() => void>();
  const away = (): boolean => (connection.isReady === false ? connection.isOpen === true : /^(connect|connecting|reconnecting|close)$/.test(connection.status ?? ""));
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
      if (waiting.size === 0) {
        connection.once?.("ready", () => {
          const all = [...waiting];
          waiting.clear();
          for (const next of all) next();
        });
      }
      waiting.add(go);
    });
  return {
    ...commands,
    send: (key, args, signal) => (signal && away() ? whenReady(signal).then(() => commands.send(key, args)) : commands.send(key, args)),
    together: (key, first, second, signal) => (signal && away() ? whenReady(signal).then(() => commands.together(key, first, second)) : commands.together(key, first, second)),
  };
}
