import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { defaultWarn } from "./default-warn.ts";
import type { ClusterPlace } from "./cluster/cluster-node.ts";
import { parseStoreUrl, type StoreUrl } from "./store-url.ts";

/** What the command line says. Durations are in milliseconds. */
export interface PortalOptions {
  readonly port: number;
  readonly store: "sqlite" | "memory" | StoreUrl;
  /** Sessions live in their cookies: `alone`, or with a store for what was revoked. */
  readonly sealed: "no" | "alone" | "revocations";
  readonly file: string;
  readonly idle: number;
  readonly absolute: number;
  readonly warn: number;
  /** It is one of several behind a balancer. */
  readonly cluster?: ClusterPlace;
}

export type ParsedOptions =
  | { readonly kind: "run"; readonly options: PortalOptions }
  | { readonly kind: "help" }
  | { readonly kind: "bad"; readonly message: string };

export const USAGE = `Usage: portal [options]

  --store sqlite|memory   where sessions live (default: sqlite), or a server:
          redis://HOST[:PORT], redis+sentinel://HOST:PORT/NAME, redis+cluster://HOST:PORT,
          postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE,
          memcached://HOST[:PORT][,HOST[:PORT]]
  --sealed                sessions live in sealed cookies instead; with --store that is where
                          it stands which of them were revoked, without it nobody knows
  --file PATH             the SQLite file; the keys lie beside it (default: .data/portal.sqlite of the app)
  --idle 30s              sign-out after this long without activity (default: 10m)
  --absolute 10m          sign-out this long after the sign-in, whatever happens (default: 2h)
  --warn 20s              warn this long before the idle end (default: a third of idle, 20s to 60s;
                          the pages take at most half of idle)
  --affinity FILE --node LABEL [--balancer haproxy|nginx]
                          one of several nodes behind a balancer: FILE describes them all
                          (JSON for defineAffinity); \`pnpm demo:cluster\` starts them
  --help                  this text

Durations: a number with s, m, h or d. The port comes from PORT (default 8787).`;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const FLAGS = ["store", "file", "idle", "absolute", "warn", "affinity", "node", "balancer"] as const;
type Flag = (typeof FLAGS)[number];

const isFlag = (name: string): name is Flag => (FLAGS as readonly string[]).includes(name);

/** `30s`, `10m`, `2h`, `1d`; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  return match ? Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0) : undefined;
}

/** Never throws: what is wrong is said in words, for exit code 2. */
export function parseOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>, appRoot: string): ParsedOptions {
  const given = new Map<Flag, string>();
  let sealed: PortalOptions["sealed"] = "no";
  for (let i = 0; i < args.length; i++) {
    const [word = "", inline] = split(args[i] ?? "");
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (args[i] === "--sealed") {
      sealed = "alone";
      continue;
    }
    const name = word.startsWith("--") ? word.slice(2) : "";
    if (!isFlag(name)) return bad(`Unknown option ${JSON.stringify(word)}.`);
    const value = inline ?? args[++i];
    if (!value || (inline === undefined && value.startsWith("--"))) return bad(`--${name} needs a value.`);
    if (given.has(name)) return bad(`--${name} is given twice.`);
    given.set(name, value);
  }

  const named = given.get("store") ?? "sqlite";
  const store = named === "sqlite" || named === "memory" ? named : parseStoreUrl(named, env["NODE_ENV"] === "production");
  if (typeof store === "string" && store !== "sqlite" && store !== "memory") return bad(store);
  if (sealed !== "no" && given.has("store")) sealed = "revocations";
  if (sealed === "revocations" && typeof store === "object" && store.kind === "memcached") return bad("--sealed needs a --store that forgets nothing: what memcached drops would live again.");
  if (store === "memory" && given.has("file")) return bad("--file does not go with --store memory.");

  const cluster = clusterFrom(given, env["NODE_ENV"] !== "production");
  if (typeof cluster === "string") return bad(cluster);
  if (cluster && (sealed !== "no" || typeof store !== "object")) return bad("--affinity needs a --store that nodes can share, and no --sealed.");

  const port = env["PORT"] === undefined || env["PORT"] === "" ? 8787 : Number(env["PORT"]);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return bad(`PORT is ${JSON.stringify(env["PORT"])}; it must be a whole number from 0 to 65535.`);

  const durations = { idle: 10 * 60_000, absolute: 2 * 3_600_000, warn: 0 };
  for (const name of ["idle", "absolute", "warn"] as const) {
    const text = given.get(name);
    if (text === undefined) continue;
    const value = parseDuration(text);
    if (!value) return bad(`--${name} is ${JSON.stringify(text)}; write a duration such as 30s, 10m or 2h.`);
    durations[name] = value;
  }
  const { idle, absolute } = durations;
  if (absolute > 30 * 86_400_000) return bad("--absolute is longer than 30d; no session lives for ever.");
  if (given.has("idle") && !given.has("absolute") && idle > absolute) durations.absolute = idle;
  else if (given.has("absolute") && !given.has("idle") && idle > absolute) durations.idle = absolute;
  else if (idle > absolute) return bad("--idle is longer than --absolute; make it shorter.");
  const warn = durations.warn || defaultWarn(durations.idle);
  if (warn >= durations.idle) return bad("--warn is not shorter than --idle; there would be nothing but warning.");
  if (durations.warn && warn < 20_000 && durations.idle > 26_000) return bad("--warn is shorter than 20s; nobody could answer in time (WCAG 2.2.1).");
  const file = resolve(given.get("file") ?? join(appRoot.includes("node_modules") ? tmpdir() : appRoot, ".data", "portal.sqlite"));
  return { kind: "run", options: { port, store, sealed, file, idle: durations.idle, absolute: durations.absolute, warn, ...(cluster && { cluster }) } };
}

/** In words what is wrong with it; `undefined` for a portal of its own. */
function clusterFrom(given: ReadonlyMap<Flag, string>, page: boolean): ClusterPlace | string | undefined {
  const [file, node, balancer = "haproxy"] = [given.get("affinity"), given.get("node"), given.get("balancer")];
  if (file === undefined && node === undefined) return given.has("balancer") ? "--balancer goes with --affinity and --node." : undefined;
  if (file === undefined || node === undefined) return "--affinity and --node go together.";
  if (balancer !== "haproxy" && balancer !== "nginx") return "--balancer must be haproxy or nginx.";
  return { file: resolve(file), node, balancer, page };
}

const bad = (message: string): ParsedOptions => ({ kind: "bad", message: `${message}\nTry --help.` });

function split(word: string): [string, string?] {
  const at = word.indexOf("=");
  return word.startsWith("--") && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word];
}
