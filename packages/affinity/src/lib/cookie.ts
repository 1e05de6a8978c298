import type { AffinityCookie } from "./affinity.ts";
import { configError, noOthers, text } from "./config-error.ts";

export interface AffinityCookieOptions {
  /** Default `__Host-hf_node`, which no other host can set; `hf_node` with a domain, another path or without `secure`. */
  readonly name?: string;
  /** Default `/`. */
  readonly path?: string;
  /** Default none: the cookie is for this host alone. With one it goes to every subdomain, whoever runs that. */
  readonly domain?: string;
  /** Default true. False only where there is no TLS at all, as on a machine of one's own. */
  readonly secure?: boolean;
  /** Default `lax`. */
  readonly sameSite?: "lax" | "strict" | "none";
}

/** There is no switch for HttpOnly: no script needs to read where the balancer sends it. */
const KNOWN = ["name", "path", "domain", "secure", "sameSite"];

/** @throws HoldfastError `config` */
export function cookieFrom(options: AffinityCookieOptions): AffinityCookie {
  if ("httpOnly" in options) throw configError("cookie.httpOnly", "is always on and no option: no script needs this cookie.");
  noOthers("cookie.", options, KNOWN);
  const { secure = true, sameSite = "lax" } = options;
  const path = text("cookie.path", options.path ?? "/", /^\/[A-Za-z0-9._~/-]{0,200}$/, "a path of letters, digits, . _ ~ / and -");
  const domain = options.domain === undefined ? undefined : text("cookie.domain", options.domain, /^\.?[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z0-9-]*[A-Za-z0-9]$/, "a domain with a dot in it");
  if (typeof secure !== "boolean") throw configError("cookie.secure", "must be true or false.");
  if (!["lax", "strict", "none"].includes(sameSite)) throw configError("cookie.sameSite", "must be lax, strict or none.");
  if (sameSite === "none" && !secure) throw configError("cookie.sameSite", "none needs secure: browsers refuse it otherwise.");
  const host = secure && path === "/" && domain === undefined;
  const name = text("cookie.name", options.name ?? (host ? "__Host-hf_node" : "hf_node"), /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, "1 to 64 letters, digits, _ or -");
  if (/^__host-/i.test(name) && !host) throw configError("cookie.name", "__Host- needs secure, the path / and no domain: browsers refuse it otherwise.");
  if (/^__secure-/i.test(name) && !secure) throw configError("cookie.name", "__Secure- needs secure: browsers refuse it otherwise.");
  return { name, path, domain, secure, sameSite };
}

/** The attributes as they stand behind `name=value` in Set-Cookie; a cookie is only deleted by the same ones. */
export const cookieAttributes = ({ path, domain, secure, sameSite }: AffinityCookie): string =>
  [`Path=${path}`, ...(domain === undefined ? [] : [`Domain=${domain}`]), "HttpOnly", ...(secure ? ["Secure"] : []), `SameSite=${{ lax: "Lax", strict: "Strict", none: "None" }[sameSite]}`].join("; ");
