type Message = Readonly<Record<string, unknown>>;

/** Commands and answers over a WebSocket, as DevTools protocol and WebDriver BiDi both have it. */
export interface Connection {
  /** Rejects with what the other side says is wrong, and when there is no answer for a minute. */
  send<Result = Message>(method: string, params?: object, session?: string): Promise<Result>;
  /** Resolves with the next event of that name that passes. */
  event(method: string, passes: (params: Message) => boolean): { readonly seen: Promise<Message>; readonly cancel: () => void };
  close(): void;
}

export async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (message: Message) => void>();
  const watchers = new Set<(message: Message) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (typeof message["id"] === "number") waiting.get(message["id"])?.(message);
    else for (const watcher of watchers) watcher(message);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
  });
  return {
    send: <Result>(method: string, params: object = {}, session?: string) =>
      new Promise<Result>((resolve, reject) => {
        const id = ++last;
        const done = (): void => {
          clearTimeout(patience);
          waiting.delete(id);
        };
        const patience = setTimeout(() => {
          done();
          reject(new Error(`${method}: no answer`));
        }, 60_000);
        waiting.set(id, ({ result, error, message }) => {
          done();
          if (error === undefined) resolve(result as Result);
          else reject(new Error(`${method}: ${JSON.stringify(error)} ${JSON.stringify(message ?? "")}`));
        });
        socket.send(JSON.stringify({ id, method, params, ...(session === undefined ? {} : { sessionId: session }) }));
      }),
    event(method, passes) {
      let watcher: (message: Message) => void = () => undefined;
      const seen = new Promise<Message>((resolve) => {
        watcher = ({ method: name, params }) => {
          if (name !== method || !passes(params as Message)) return;
          watchers.delete(watcher);
          resolve(params as Message);
        };
        watchers.add(watcher);
      });
      return { seen, cancel: () => watchers.delete(watcher) };
    },
    close: () => socket.close(),
  };
}
