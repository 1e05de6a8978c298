import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { serve, type ServerType } from "@hono/node-server";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "./accounts.ts";
import { loadClient } from "./client-files.ts";
import { parseOptions, USAGE } from "./options.ts";
import { createPortal } from "./portal.ts";
import { openStore } from "./store.ts";

const SWEEP_EVERY = 60_000;
const CLOSE_WITHIN = 3000;

/** The program. `dist/server/main.js` stands two folders below the app. */
export async function run(args: readonly string[]): Promise<void> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const parsed = parseOptions(args, process.env, root);
  if (parsed.kind === "help") return console.log(USAGE);
  if (parsed.kind === "bad") {
    console.error(parsed.message);
    process.exitCode = 2;
    return;
  }
  const { options } = parsed;
  const { idle, absolute, warn } = options;
  const opened = await openStore(options).catch((error: NodeJS.ErrnoException) => `The store cannot be reached: ${error.code ?? error.message}`);
  if (typeof opened === "string") {
    console.error(opened);
    process.exitCode = 1;
    return;
  }
  const { store, name, keys, notice, close } = opened;
  const client = loadClient(fileURLToPath(new URL("../client", import.meta.url)));
  const app = await createPortal({
    store,
    storeName: name,
    warn,
    policy: { idle, absolute, freshFor: 5 * 60_000 },
    keys,
    ...(client === undefined ? {} : { client }),
  });

  const fail = async (error: NodeJS.ErrnoException): Promise<void> => {
    console.error(error.code === "EADDRINUSE" ? `Port ${options.port} is taken. Choose another: PORT=8788` : error.message);
    await close();
    process.exit(1);
  };
  // Loopback only, in both families: what `localhost` means differs between machines.
  const servers: ServerType[] = [];
  const first = serve({ fetch: app.fetch, port: options.port, hostname: "127.0.0.1" }, ({ port }: AddressInfo) => {
    const second = serve({ fetch: app.fetch, port, hostname: "::1" });
    second.on("error", () => undefined);
    servers.push(second);
    if (notice) console.log(notice);
    if (!client) console.log("The pages are not built; only the JSON API answers.");
    console.log(`Holdfast Chandlery   http://localhost:${port}`);
    console.log(`Accounts             ${DEMO_ACCOUNTS.join(", ")}   password ${DEMO_PASSWORD}`);
    console.log(`Sessions             ${name === "SQLite" ? options.file : name}; idle ${idle / 1000} s, absolute ${absolute / 1000} s`);
  });
  first.on("error", (error) => void fail(error));
  servers.push(first);
  const sweeper = setInterval(() => {
    store.sweep?.(Date.now()).catch((error: unknown) => console.error("Sweeping failed:", error));
  }, SWEEP_EVERY);
  sweeper.unref();

  const stop = (): void => {
    clearInterval(sweeper);
    first.close(() => void close().finally(() => process.exit(0)));
    for (const server of servers) {
      if (server !== first) server.close();
      if ("closeIdleConnections" in server) server.closeIdleConnections();
    }
    setTimeout(() => process.exit(0), CLOSE_WITHIN).unref();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
