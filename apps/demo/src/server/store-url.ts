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
 * Where sentinels and nodes of a cluster are says nothing of the masters that they name: `?plaintext=local` is the operator's word that those are here as well.
 * No word quotes the URL: it may hold a password.
 */
export function parseStoreUrl(text: string, production: boolean): StoreUrl | string {
  const [, nodes] = /^memcached:\/\/(.*)$/s.exec(text) ?? [];
  if (nodes !== undefined) return memcached(nodes, production);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url && KINDS[url.protocol];
  if (!url || !kind || !url.hostname) return UNKNOWN;
  // Of two the drivers take the last one, and what is checked here may be the first.
  const names = [...url.searchParams.keys()].filter((name) => name !== "node");
  if (new Set(names).size < names.length) return "--store has a parameter twice.";
  const parsed = kind === "postgres" || kind === "mysql" ? { kind, url } : redis(kind, url);
  if (typeof parsed === "string") return parsed;
  if (!production || isLocal(parsed)) return parsed;
  if (!isEncrypted(kind, url)) return `--store is not encrypted, which is refused in production: ${ENCRYPTED[kind]}.`;
  if (!url.password) return "--store has no password, which is refused in production.";
  return parsed;
}

function isLocal(store: Exclude<StoreUrl, { kind: "memcached" }>): boolean {
  if (!("nodes" in store)) return LOCAL.test(store.url.hostname);
  return store.nodes.every(({ host }) => LOCAL.test(host)) && (store.kind === "redis" || store.url.searchParams.has("plaintext"));
}

function redis(kind: RedisUrl["kind"], url: URL): RedisUrl | string {
  const named = [`${url.hostname}:${url.port || (kind === "redis-sentinel" ? 26_379 : 6379)}`, ...url.searchParams.getAll("node")].map((node) => NODE.exec(node));
  if (named.includes(null)) return "--store names a node that is not HOST:PORT.";
  if (kind === "redis-sentinel" && url.pathname.length < 2) return "--store does not say what the sentinels call the master: redis+sentinel://HOST:PORT/NAME.";
  if (!/^\d?$/.test(url.searchParams.get("replicas") ?? "")) return "--store says replicas, which must be 0 to 9.";
  if ((url.searchParams.get("plaintext") ?? "local") !== "local") return "--store says plaintext, which must be local.";
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
  "redis-sentinel": "use rediss+sentinel://, or add ?plaintext=local where the sentinels and all servers they may name are on this machine",
  "redis-cluster": "use rediss+cluster://, or add ?plaintext=local where all its nodes are on this machine",
  postgres: "add ?sslmode=verify-full",
  mysql: 'add ?ssl={"rejectUnauthorized":true,"verifyIdentity":true}',
};

function isEncrypted(kind: UrlKind, { protocol, searchParams }: URL): boolean {
  if (kind.startsWith("redis")) return protocol.startsWith("rediss");
  // `prefer` and `allow` fall back to plain text, and `require` takes any certificate.
  if (kind === "postgres") return ["verify-full", "verify-ca"].includes(searchParams.get("sslmode") ?? "");
  return isVerified(searchParams.get("ssl") ?? "");
}

/** mysql2 reads it as JSON; without `verifyIdentity` it takes the certificate of any host. */
function isVerified(ssl: string): boolean {
  try {
    const { rejectUnauthorized, verifyIdentity } = JSON.parse(ssl) as Record<string, unknown>;
    return rejectUnauthorized === true && verifyIdentity === true;
  } catch {
    return false;
  }
}
