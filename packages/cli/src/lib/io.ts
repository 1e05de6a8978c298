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
}

export const processIo = (): Io => ({
  async stdin() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  now: Date.now,
});
