import { connect as connectPlain, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { MemcachedError } from "./errors.ts";
import { type Answer, createAnswerReader } from "./replies.ts";

export interface LineOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
}

/** One TCP connection. When anything goes wrong with it, it is closed for good and everybody who waits is told: no answer can reach the wrong one. */
export interface Line {
  readonly closed: boolean;
  /** Writes the text and resolves to the next `count` answers that belong to it. */
  ask(text: string, count: number): Promise<readonly Answer[]>;
  close(why: MemcachedError): void;
}

interface Waiting {
  readonly count: number;
  readonly answers: Answer[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (why: MemcachedError) => void;
}

/** Rejects with `ECONNECTION` or `ETIMEDOUT`. */
export function openLine({ host, port, tls, connectTimeoutMs, timeoutMs }: LineOptions): Promise<Line> {
  const socket: Socket = tls ? connectTls({ ...tls, host, port }) : connectPlain({ host, port });
  const waiting: Waiting[] = [];
  const readAnswers = createAnswerReader();
  let closed = false;
  let heard = 0;
  let timer: NodeJS.Timeout | undefined;

  const close = (why: MemcachedError): void => {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    socket.destroy();
    for (const { reject } of waiting.splice(0)) reject(why);
  };
  const hear = (answer: Answer): void => {
    const [first] = waiting;
    if (!first) return close(new MemcachedError("EPROTOCOL", "The server answered what nobody asked."));
    first.answers.push(answer);
    if (first.answers.length < first.count) return;
    waiting.shift();
    first.resolve(first.answers);
  };
  // After a time limit what came while this process was busy is looked at first.
  const giveUp = (): void => {
    const before = heard;
    setImmediate(() => {
      if (before === heard) close(new MemcachedError("ETIMEDOUT", `No answer for ${timeoutMs} ms.`));
    });
  };
  socket.setNoDelay(true).setKeepAlive(true);
  socket.on("data", (chunk) => {
    heard++;
    try {
      for (const answer of readAnswers(chunk)) hear(answer);
    } catch (error) {
      close(error as MemcachedError);
    }
    if (waiting.length > 0) return void timer?.refresh();
    clearTimeout(timer);
    timer = undefined;
  });
  const line: Line = {
    get closed() {
      return closed;
    },
    ask: (text, count) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new MemcachedError("ECONNECTION", "The connection is closed."));
        waiting.push({ count, answers: [], resolve, reject });
        timer ??= setTimeout(giveUp, timeoutMs);
        socket.write(text);
      }),
    close,
  };
  return new Promise((resolve, reject) => {
    let open = false;
    const late = (): void => {
      if (!open) fail(new MemcachedError("ETIMEDOUT", `No connection within ${connectTimeoutMs} ms.`));
    };
    const opening = setTimeout(() => setImmediate(late), connectTimeoutMs);
    const fail = (why: MemcachedError): void => {
      clearTimeout(opening);
      close(why);
      reject(why);
    };
    socket.once(tls ? "secureConnect" : "connect", () => {
      open = true;
      clearTimeout(opening);
      resolve(line);
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => fail(new MemcachedError("ECONNECTION", `The connection failed: ${cause.code ?? cause.message}`, cause)));
    socket.on("close", () => fail(new MemcachedError("ECONNECTION", "The connection was closed.")));
  });
}
