import { fileURLToPath } from "node:url";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "./accounts.ts";
import { loadClient } from "./client-files.ts";
import { ownBoard } from "./cluster/board.ts";
import { createClusterNode } from "./cluster/cluster-node.ts";
import type { Listen, Listening } from "./listen.ts";
import { parseOptions, USAGE } from "./options.ts";
import { createPortal } from "./portal.ts";
import { openStore } from "./store.ts";

const SWEEP_EVERY = 60_000;
/** What is under way when the servers are closed has so long. In a cluster that is after the drain's grace, so whoever kills has to wait for both. */
const CLOSE_WITHIN = 3000;

/** The program, on whatever listens. What is built stands two folders below the app. */
export async function program(args: readonly string[], listen: Listen): Promise<void> {
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
  const { store, sweep, name, keys, notice, near, board = ownBoard(), close } = opened;
  const cluster = options.cluster && createClusterNode(options.cluster, board, near);
  const client = loadClient(fileURLToPath(new URL("../client", import.meta.url)));
  const app = await createPortal({
    store,
    storeName: name,
    warn,
    policy: { idle, absolute, freshFor: 5 * 60_000 },
    keys,
    ...(client === undefined ? {} : { client }),
    ...(cluster === undefined ? {} : { cluster: { observe: cluster.observe, ...(options.cluster?.page ? { report: cluster.report } : {}) } }),
  });
  const answer = cluster ? (request: Request): Promise<Response> => cluster.handle(request, () => app.fetch(request)) : app.fetch;

  const servers: Listening[] = [];
  try {
    servers.push(await listen(answer, { port: options.port, hostname: "127.0.0.1" }));
  } catch (error) {
    console.error(isTaken(error) ? `Port ${options.port} is taken. Choose another: PORT=8788` : (error as Error).message);
    await close();
    process.exit(1);
  }
  const port = servers[0]?.port ?? 0;
  // Loopback only, in both families: what `localhost` means differs between machines.
  await listen(answer, { port, hostname: "::1" }).then((second) => servers.push(second), () => undefined);
  const sweeper = setInterval(() => {
    sweep?.(Date.now()).catch((error: unknown) => console.error("Sweeping failed:", error));
  }, SWEEP_EVERY);
  sweeper.unref();
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    clearInterval(sweeper);
    void Promise.allSettled([...servers.map((server) => server.close()), cluster?.stop()]).then(close).finally(() => process.exit(0));
    setTimeout(() => process.exit(0), CLOSE_WITHIN).unref();
  };
  let leaving = false;
  const leave = async (): Promise<void> => {
    if (leaving) return;
    leaving = true;
    // Whoever configures a balancer that asks no health path.
    process.send?.("leaving");
    await cluster?.leave();
    stop();
  };
  // Not once: without a listener a second signal ends the process where it is. Terminals and package managers send it twice.
  process.on("SIGTERM", cluster ? () => void leave() : stop);
  process.on("SIGINT", stop);

  if (notice) console.log(notice);
  if (!client) console.log("The pages are not built; only the JSON API answers.");
  process.send?.("ready");
  console.log(`Holdfast Chandlery   http://localhost:${port}`);
  console.log(`Accounts             ${DEMO_ACCOUNTS.join(", ")}   password ${DEMO_PASSWORD}`);
  console.log(`Sessions             ${name === "SQLite" ? options.file : name}; idle ${idle / 1000} s, absolute ${absolute / 1000} s`);
}

/** Node and Bun say it by a code, Deno by a name. */
const isTaken = (error: unknown): boolean => {
  const { code, name } = error as NodeJS.ErrnoException;
  return code === "EADDRINUSE" || name === "AddrInUse";
};
