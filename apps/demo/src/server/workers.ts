import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "./accounts.ts";
import { loadKeys } from "./keys.ts";
import { parseOptions } from "./options.ts";

const USAGE = `Usage: portal-workers [--file PATH] [--idle 30s] [--absolute 10m] [--warn 20s]

The portal in workerd, sessions in Durable Objects. They lie in PATH.objects, the keys in PATH.keys.json
(default: .data/portal.sqlite of the app). The rest is as for the portal; the port comes from PORT (default 8787).`;

const built = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The worker in workerd on this machine, as a deployment would bind it. */
export async function run(args: readonly string[]): Promise<void> {
  const elsewhere = args.find((arg) => /^--(store|sealed)\b/.test(arg));
  const parsed = parseOptions(args, process.env, fileURLToPath(new URL("../..", import.meta.url)));
  if (parsed.kind === "help") return console.log(USAGE);
  if (parsed.kind === "bad" || elsewhere !== undefined) {
    console.error(parsed.kind === "bad" ? parsed.message : "In Workers sessions live in Durable Objects: --store and --sealed have no place.");
    process.exitCode = 2;
    return;
  }
  const { port, file, idle, absolute, warn } = parsed.options;
  const miniflare = new Miniflare({
    modules: true,
    script: readFileSync(built("worker/worker.js"), "utf8"),
    compatibilityDate: "2026-07-01",
    // For the passwords (scrypt). Holdfast needs nothing of Node.
    compatibilityFlags: ["nodejs_compat"],
    bindings: { SESSION_KEYS: JSON.stringify(loadKeys(`${file}.keys.json`)), LIMITS: { idle, absolute, warn } },
    durableObjects: { SESSIONS: { className: "SessionsObject", useSQLite: true } },
    durableObjectsPersist: `${file}.objects`,
    assets: { directory: built("client"), binding: "ASSETS", routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true } },
    host: "127.0.0.1",
    port,
    cf: false,
  });
  let stopping: Promise<void> | undefined;
  const stop = (): void => void (stopping ??= miniflare.dispose().finally(() => process.exit(0)));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    // Miniflare's own listeners would kill workerd where it stands.
    process.removeAllListeners(signal);
    process.on(signal, stop);
  }
  const address = await miniflare.ready.catch((error: Error) => error);
  if (address instanceof Error) {
    console.error(/already in use/i.test(address.message) ? `Port ${port} is taken. Choose another: PORT=8788` : address.message);
    process.exit(1);
  }
  console.log(`Holdfast Chandlery   http://localhost:${address.port}`);
  console.log(`Accounts             ${DEMO_ACCOUNTS.join(", ")}   password ${DEMO_PASSWORD}`);
  console.log(`Sessions             Durable Objects in ${file}.objects; idle ${idle / 1000} s, absolute ${absolute / 1000} s`);
}
