/** What a command has of the world besides files. */
export interface Io {
  /** All of standard input, for a key file named `-`. */
  readonly stdin: () => Promise<string>;
  /** Results. */
  readonly out: (text: string) => void;
  /** Advice and faults. */
  readonly err: (text: string) => void;
  /** In ms since 1970. */
  readonly now: () => number;
  /** Does this before the process ends by SIGINT (Ctrl-C), SIGTERM or SIGHUP (its terminal is closed). Returns what forgets it. Default: nothing is done before. */
  readonly beforeEnd?: (act: () => Promise<void>) => () => void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export const processIo = (): Io => ({
  async stdin() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  now: Date.now,
  beforeEnd(act) {
    const forget = (): void => SIGNALS.forEach((signal) => process.off(signal, end));
    const end = (signal: NodeJS.Signals): void => {
      // A second one ends it at once. The first goes on as if nobody had heard it, so that a shell sees it.
      forget();
      void act().finally(() => process.kill(process.pid, signal));
    };
    SIGNALS.forEach((signal) => process.on(signal, end));
    return forget;
  },
});
