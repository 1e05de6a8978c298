/** A store on another machine, or on this one behind a port. */
export interface StoreUrl {
  readonly kind: "redis" | "postgres" | "mysql";
  readonly url: URL;
}

const KINDS: Readonly<Record<string, StoreUrl["kind"]>> = { "redis:": "redis", "rediss:": "redis", "postgres:": "postgres", "postgresql:": "postgres", "mysql:": "mysql" };
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * What `--store` names, or in words why not. In production a store that is not on this machine must be reached encrypted and with a password (ASVS 12.3.1, 13.2.1).
 * No word quotes the URL: it may hold a password.
 */
export function parseStoreUrl(text: string, production: boolean): StoreUrl | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url && KINDS[url.protocol];
  if (!url || !kind || !url.hostname) return "--store must be sqlite, memory, or a URL: redis://, rediss://, postgres:// or mysql:// with a host.";
  if (!production || LOCAL.test(url.hostname)) return { kind, url };
  if (!isEncrypted(kind, url)) return `--store is not encrypted, which is refused in production: ${ENCRYPTED[kind]}.`;
  if (!url.password) return "--store has no password, which is refused in production.";
  return { kind, url };
}

const ENCRYPTED: Readonly<Record<StoreUrl["kind"], string>> = {
  redis: "use rediss://",
  postgres: "add ?sslmode=verify-full",
  mysql: 'add ?ssl={"rejectUnauthorized":true}',
};

function isEncrypted(kind: StoreUrl["kind"], { protocol, searchParams }: URL): boolean {
  if (kind === "redis") return protocol === "rediss:";
  // `prefer` and `allow` fall back to plain text, and `require` takes any certificate.
  if (kind === "postgres") return ["verify-full", "verify-ca"].includes(searchParams.get("sslmode") ?? "");
  return /"rejectUnauthorized"\s*:\s*true/.test(searchParams.get("ssl") ?? "");
}
