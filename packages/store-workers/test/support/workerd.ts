import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { remoteStore, tool } from "./remote-store.ts";

export interface Workerd {
  /** Where the stores of `remoteStore` are; each test of D1 has a table of its own. */
  readonly object: string;
  d1(table: string): Promise<string>;
  stop(): Promise<void>;
}

export interface WorkerdOptions {
  /** Where the rows outlive this process. Default: nowhere. */
  readonly folder?: string;
  readonly compatibilityDate?: string;
}

export const COMPATIBILITY_DATE = "2026-07-01";

/** A worker with both stores on both bindings, on a free port of 127.0.0.1. */
export async function startWorkerd({ folder, compatibilityDate = COMPATIBILITY_DATE }: WorkerdOptions = {}): Promise<Workerd> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("worker/main.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:workers"],
    logLevel: "silent",
  });
  const miniflare = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text ?? "",
    compatibilityDate,
    cf: false,
    host: "127.0.0.1",
    port: 0,
    durableObjects: { SESSIONS: { className: "TestObject", useSQLite: true } },
    d1Databases: ["DB"],
    ...(folder !== undefined && { durableObjectsPersist: `${folder}/objects`, d1Persist: `${folder}/d1` }),
  });
  const { origin } = await miniflare.ready;
  return {
    object: `${origin}#object`,
    async d1(table) {
      await tool(origin, "schema", table);
      return `${origin}#d1:${table}`;
    },
    stop: () => miniflare.dispose(),
  };
}

export const openAt = (address: () => Promise<string>): OpenEngine => async () => {
  const found = await address();
  return { address: found, connect: async () => ({ store: remoteStore(found), close: async () => undefined }), remove: async () => undefined };
};
