import { createRequire } from "node:module";
import { Miniflare } from "miniflare";
import type { Outcome } from "../suite/case.ts";
import type { Ran } from "./processes.ts";

export const COMPATIBILITY_DATE = "2026-07-01";

/** Runs the suite in workerd, as a worker without Node's modules, or with them. */
export async function runWorkerd(script: string, { nodeCompat = false, taken = {} }: { readonly nodeCompat?: boolean; readonly taken?: Readonly<Record<string, string>> } = {}): Promise<Ran> {
  const compatibilityFlags = nodeCompat ? ["nodejs_compat"] : [];
  const miniflare = new Miniflare({ modules: true, script, compatibilityDate: COMPATIBILITY_DATE, compatibilityFlags, cf: false, host: "127.0.0.1", port: 0 });
  try {
    const answer = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: JSON.stringify(taken) });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`workerd: ${answer.status} ${text}`);
    return { ...(JSON.parse(text) as Outcome), version: versionOf() };
  } finally {
    await miniflare.dispose();
  }
}

function versionOf(): string {
  const beside = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  return (beside("workerd/package.json") as { version: string }).version;
}
