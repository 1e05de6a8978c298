/** A store on another machine, or on this one behind a port. */
export type StoreUrl =
  | RedisUrl
  | { readonly kind: "postgres" | "mysql"; readonly url: URL }
  /** Of all nodes, as `host:port`. */
  | { readonly kind: "memcached"; readonly addresses: readonly string[] };

export interface RedisUrl {
  readonly kind: "redis" | "redis-sentinel" | "redis-cluster";
  readonly url: URL;
  /** Sentinels, or nodes of a cluster: the one of the URL, and those it names with `?node=HOST:PORT`. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
}

type UrlKind = Exclude<StoreUrl["kind"], "memcached">;

const KINDS: Readonly<Record<string, UrlKind>> = {
  "redis:": "redis",
  "rediss:": "redis",
  "redis+sentinel:": "redis-sentinel",
  "rediss+sentinel:": "redis-sentinel",
  "redis+cluster:": "redis-cluster",
  "rediss+cluster:": "redis-cluster",
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mysql:": "mysql",
};
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const NODE = /^(.+):(\d{1,5})$/;
const UNKNOWN = "--store must be sqlite, memory, or a URL: redis://, rediss://, redis+sentinel://, redis+cluster://, postgres://, mysql:// or memcached:// with a host.";

/**
 * What `--store` names, or in words why not. In production a store that is not on this machine must be reached encrypted and with a password (ASVS 12.3.1, 13.2.1).
 * No word quotes the URL: it may hold a password.
 */
export function parseStoreUrl(text: string, production: boolean): StoreUrl | string {
  const [, nodes] = /^memcached:\/\/(.*)$/s.exec(text) ?? [];
  if (nodes !== undefined) return memcached(nodes, production);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url && KINDS[url.protocol];
  if (!url || !kind || !url.hostname) return UNKNOWN;
  const parsed = kind === "postgres" || kind === "mysql" ? { kind, url } : redis(kind, url);
  if (typeof parsed === "string") return parsed;
  const hosts = "nodes" in parsed ? parsed.nodes.map(({ host }) => host) : [url.hostname];
  if (!production || hosts.every((host) => LOCAL.test(host))) return parsed;
  if (!isEncrypted(kind, url)) return `--store is not encrypted, which is refused in production: ${ENCRYPTED[kind]}.`;
  if (!url.password) return "--store has no password, which is refused in production.";
  return parsed;
}

function redis(kind: RedisUrl["kind"], url: URL): RedisUrl | string {
  const named = [`${url.hostname}:${url.port || (kind === "redis-sentinel" ? 26_379 : 6379)}`, ...url.searchParams.getAll("node")].map((node) => NODE.exec(node));
  if (named.includes(null)) return "--store names a node that is not HOST:PORT.";
  if (kind === "redis-sentinel" && url.pathname.length < 2) return "--store does not say what the sentinels call the master: redis+sentinel://HOST:PORT/NAME.";
  if (!/^\d?$/.test(url.searchParams.get("replicas") ?? "")) return "--store says replicas, which must be 0 to 9.";
  return { kind, url, nodes: named.map((found) => ({ host: found?.[1] ?? "", port: Number(found?.[2]) })) };
}

/** Several nodes with commas between them, which no URL has. */
function memcached(nodes: string, production: boolean): StoreUrl | string {
  const given = nodes.split(",");
  const urls = given.map((node) => (URL.canParse(`memcached://${node}`) ? new URL(`memcached://${node}`) : undefined));
  if (!urls.every((url, i) => url?.hostname && url.host === given[i])) return "--store memcached:// takes HOST[:PORT], several with commas between them, and nothing else.";
  if (new Set(given).size < given.length) return "--store names a node twice.";
  if (production && !urls.every((url) => LOCAL.test(url?.hostname ?? ""))) {
    return "--store is not encrypted, which is refused in production: the portal reaches memcached on this machine only, through an encrypted tunnel if need be.";
  }
  return { kind: "memcached", addresses: given };
}

const ENCRYPTED: Readonly<Record<UrlKind, string>> = {
  redis: "use rediss://",
  "redis-sentinel": "use rediss+sentinel://",
  "redis-cluster": "use rediss+cluster://",
  postgres: "add ?sslmode=verify-full",
  mysql: 'add ?ssl={"rejectUnauthorized":true}',
};

function isEncrypted(kind: UrlKind, { protocol, searchParams }: URL): boolean {
  if (kind.startsWith("redis")) return protocol.startsWith("rediss");
  // `prefer` and `allow` fall back to plain text, and `require` takes any certificate.
  if (kind === "postgres") return ["verify-full", "verify-ca"].includes(searchParams.get("sslmode") ?? "");
  return /"rejectUnauthorized"\s*:\s*true/.test(searchParams.get("ssl") ?? "");
}
