import type { ServiceName } from "../services/programs.ts";

/** What a README says about a `ts` block: compiled only, also run to its end, or also started as a server. A `sh` block is run or not looked at. */
export type SnippetUse = "compile" | "run" | "serve";

export interface Snippet {
  readonly file: string;
  /** Line of the opening fence. */
  readonly line: number;
  /** For a shell, not in TypeScript. */
  readonly shell?: true;
  readonly use: SnippetUse;
  /** The server that has to be there while it runs. */
  readonly service?: SnippetService;
  readonly code: string;
}

export type SnippetService = Extract<ServiceName, "postgres" | "mariadb" | "redis" | "memcached" | "dynamodb">;
const SERVICES: readonly SnippetService[] = ["postgres", "mariadb", "redis", "memcached", "dynamodb"];

const opening = /^```(ts|typescript|sh(?= run\b))\b[ \t]*(.*)$/;

/**
 * The TypeScript blocks of a Markdown page, and those for a shell that say `sh run`. Words after `ts` say more: `run`, `serve`, and `more` for a block that goes
 * on where the block before it ended (both together are then one program). The name of a server (`ts run postgres`) gives the program one.
 */
export const snippetsIn = (file: string, markdown: string): Snippet[] => {
  const snippets: Snippet[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const [, fence, rest] = opening.exec(lines[index] ?? "") ?? [];
    const words = rest?.split(/\s+/).filter((word) => word !== "");
    if (words === undefined) continue;
    const unknown = words.find((word) => !["run", "serve", "more", ...SERVICES].includes(word));
    if (unknown !== undefined) throw new Error(`${file}:${index + 1}: "${unknown}" after ts means nothing (run, serve, more, ${SERVICES.join(", ")})`);
    const end = lines.findIndex((line, at) => at > index && line.startsWith("```"));
    if (end === -1) throw new Error(`${file}:${index + 1}: the block has no end`);
    const before = words.includes("more") ? snippets.at(-1)?.code : "";
    if (before === undefined) throw new Error(`${file}:${index + 1}: there is no block before this one to go on from`);
    const code = `${before}${lines.slice(index + 1, end).join("\n")}\n`;
    const service = SERVICES.find((name) => words.includes(name));
    snippets.push({ file, line: index + 1, ...(fence === "sh" && { shell: true }), use: words.includes("run") ? "run" : words.includes("serve") ? "serve" : "compile", ...(service && { service }), code });
    index = end;
  }
  return snippets;
};
