import { describe, expect, it } from "vitest";
import { createAnswerReader } from "../src/lib/replies.ts";

const wire = Buffer.from('HD O1\r\nVA 9 c7 O2\r\na\r\nEND\r\nb\r\nEN\r\nVA 0 O3\r\n\r\nVA 6 O4\r\n漢字\r\nSERVER_ERROR out of memory storing object\r\n');
const expected = [
  { words: ["HD", "O1"] },
  { words: ["VA", "9", "c7", "O2"], value: "a\r\nEND\r\nb" },
  { words: ["EN"] },
  { words: ["VA", "0", "O3"], value: "" },
  { words: ["VA", "6", "O4"], value: "漢字" },
  { words: ["SERVER_ERROR", "out", "of", "memory", "storing", "object"] },
];

describe("answers", () => {
  it("are the same however the bytes are cut", () => {
    for (let size = 1; size <= wire.length; size++) {
      const read = createAnswerReader();
      const answers = [];
      for (let at = 0; at < wire.length; at += size) answers.push(...read(wire.subarray(at, at + size)));
      expect(answers).toEqual(expected);
    }
  });

  it.each(["VA x O1\r\n", "VA\r\n", "VA 1 O1\r\nab\r\n", "VA -1\r\n", "x".repeat(9000)])("%j is no answer", (text) => {
    expect(() => createAnswerReader()(Buffer.from(text))).toThrow(expect.objectContaining({ code: "EPROTOCOL" }));
  });
});
