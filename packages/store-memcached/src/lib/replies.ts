import { MemcachedError } from "./errors.ts";

/** One answer: its words, and the data block that came with it. */
export interface Answer {
  readonly words: readonly string[];
  readonly value?: string;
}

/** No line of the protocol is longer; what never ends its line is something else. */
const LONGEST_LINE = 8192;

/**
 * Bytes in, answers out, in order. Pure but for what it still has to complete.
 * @throws MemcachedError `EPROTOCOL`
 */
export function createAnswerReader(): (chunk: Buffer) => Answer[] {
  let rest: Buffer = Buffer.alloc(0);
  let open: { readonly words: readonly string[]; readonly size: number } | undefined;
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Answer[] = [];
    let at = 0;
    for (;;) {
      if (open) {
        const end = at + open.size;
        if (bytes.length < end + 2) break;
        if (bytes.toString("latin1", end, end + 2) !== "\r\n") throw new MemcachedError("EPROTOCOL", "A data block does not end where it should.");
        answers.push({ words: open.words, value: bytes.toString("utf8", at, end) });
        open = undefined;
        at = end + 2;
        continue;
      }
      const end = bytes.indexOf("\r\n", at);
      if (end < 0 ? bytes.length - at > LONGEST_LINE : end - at > LONGEST_LINE) throw new MemcachedError("EPROTOCOL", "A line has no end.");
      if (end < 0) break;
      const words = bytes.toString("latin1", at, end).split(" ");
      at = end + 2;
      if (words[0] !== "VA") {
        answers.push({ words });
        continue;
      }
      if (!/^\d{1,10}$/.test(words[1] ?? "")) throw new MemcachedError("EPROTOCOL", "A value has no size.");
      open = { words, size: Number(words[1]) };
    }
    rest = bytes.subarray(at);
    return answers;
  };
}
