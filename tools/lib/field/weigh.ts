import { brotliCompressSync, gzipSync } from "node:zlib";
import { bundle, ours } from "./bundle.ts";
import { RIVALS, type Rival } from "./rivals.ts";

const OURS: readonly Rival[] = [
  { name: "**session-browser/idle**", does: "idle, tabs, sleep", code: `export { createIdleTimer } from ${ours("idle")}` },
  { name: "**session-browser/refresh**", does: "session, requests", code: `export { createSessionFetch } from ${ours("refresh")}` },
  { name: "**session-browser**", does: "idle, session, requests, tabs, sleep, sign-out", code: `export { createSessionClient } from ${ours("index")}` },
  { name: "**session-browser + react hooks**", does: "the same", code: `export { createSessionClient } from ${ours("index")}; export { useSession, useIdleLogout } from ${ours("react")}` },
  { name: "**session-browser + dialog**", does: "the same, with an accessible warning", code: `export { createSessionClient } from ${ours("index")}; export { attachDialog } from ${ours("dialog")}` },
];

/** A table in Markdown, the lightest first. */
export async function sizeTable(): Promise<string> {
  const rows: { readonly line: string; readonly brotli: number }[] = [];
  for (const { name, does, code } of [...OURS, ...RIVALS]) {
    const bytes = await bundle(code);
    const brotli = brotliCompressSync(bytes).byteLength;
    const figures = [bytes.byteLength, gzipSync(bytes).byteLength, brotli].map((count) => count.toLocaleString("en"));
    rows.push({ brotli, line: `| ${name} | ${does} | ${figures.join(" | ")} |` });
  }
  rows.sort((a, b) => a.brotli - b.brotli);
  return ["| import | does | min B | gzip B | brotli B |", "|---|---|---:|---:|---:|", ...rows.map(({ line }) => line)].join("\n");
}
