import { describe, expect, it } from "vitest";
import { snippetsIn } from "../lib/snippets.ts";

const page = (...blocks: string[]): string => `# Title\n\n${blocks.join("\n\ntext\n\n")}\n`;

describe("README snippets", () => {
  it("takes the TypeScript blocks and nothing else", () => {
    const found = snippetsIn("R.md", page("```sh\nnpm i\n```", "```ts\nconst a = 1;\n```", "```tsx\n<p/>\n```", "```ts run\na;\nb;\n```"));
    expect(found).toEqual([
      { file: "R.md", line: 9, use: "compile", code: "const a = 1;\n" },
      { file: "R.md", line: 21, use: "run", code: "a;\nb;\n" },
    ]);
  });

  it("goes on from the block before", () => {
    const found = snippetsIn("R.md", page("```ts\nconst a = 1;\n```", "```ts more run\nconsole.log(a);\n```"));
    expect(found[1]).toMatchObject({ use: "run", code: "const a = 1;\nconsole.log(a);\n" });
  });

  it("takes a shell's block that says so, and no other", () => {
    expect(snippetsIn("R.md", page("```sh\nnpm i\n```", "```sh run\nls\n```"))).toEqual([{ file: "R.md", line: 9, shell: true, use: "run", code: "ls\n" }]);
  });

  it("knows which server a block needs", () => {
    const found = snippetsIn("R.md", page("```ts run postgres\na;\n```", "```ts\nb;\n```"));
    expect(found.map(({ service }) => service)).toEqual(["postgres", undefined]);
  });

  it.each([
    ["a word it does not know", "```ts ruin\n1;\n```"],
    ["a block without an end", "```ts\n1;"],
    ["a block that goes on from nothing", "```ts more\n1;\n```"],
  ])("refuses %s", (_, block) => {
    expect(() => snippetsIn("R.md", page(block))).toThrow("R.md:3");
  });
});
