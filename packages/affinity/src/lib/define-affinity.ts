import type { Affinity, AffinityDuration, AffinityHealth, AffinityKey } from "./affinity.ts";
import { configError, noOthers, seconds, text, whole } from "./config-error.ts";
import { type AffinityCookieOptions, cookieFrom } from "./cookie.ts";
import { type AffinityNodeOptions, nodesFrom } from "./nodes.ts";

export type { AffinityNodeOptions } from "./nodes.ts";

export interface AffinityOptions {
  /** Names the backend, upstream, service or pool: small letters, digits and `-`, as Kubernetes wants it. Default `holdfast`. */
  readonly name?: string;
  readonly nodes: readonly AffinityNodeOptions[];
  /**
   * What the balancer goes by. Default `"cookie"`, which the balancer sets. `"ip"` puts everybody behind one address on one node. A header has to be there on a
   * client's first request: one that the server gives it later moves every client once.
   */
  readonly key?: "cookie" | "ip" | { readonly header: string };
  /** With `key: "cookie"`: a header that clients without cookies send, or `false`. Default `X-Session-ID`. */
  readonly cookielessHeader?: string | false;
  /** How long a client stays with its node. This is about the balance; how long people stay signed in is the session's policy. */
  readonly duration?: Partial<AffinityDuration>;
  readonly cookie?: AffinityCookieOptions;
  /** Default: `GET /healthz` every 2 s, 1 s to answer, two failures to go, two successes to come back. */
  readonly health?: Partial<AffinityHealth>;
  /**
   * `grace`: how long a node that goes may take in all, at most an hour. Default 30 s, or twice `notice` where that is longer.
   * `notice`: how long the balancer takes to notice what the health path answers, at most half of the grace. Default `health.interval` x `fall` + `timeout`, which is
   * refused where it would be over half an hour; more where a platform looks less often (`losses` say so) or takes longer to pass it on. Where nothing asks the health path, it is the time that clients have to come and let go of their cookie.
   */
  readonly drain?: Partial<Affinity["drain"]>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HEADER = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const HEADER_WORDS = "the name of a header: letters, digits and -";

/**
 * One description of stickiness for every balancer; `affinityConfig` writes it down for each. Nothing is weakened unasked: the cookie is HttpOnly, Secure, SameSite=Lax
 * and without a domain, and labels that tell addresses are refused.
 * @throws HoldfastError `config`, with the `option` at fault
 */
export function defineAffinity(options: AffinityOptions): Affinity {
  if (typeof options !== "object" || options === null) throw configError("options", "must be { nodes, ... }.");
  noOthers("", options, ["name", "nodes", "key", "cookielessHeader", "duration", "cookie", "health", "drain"]);
  const key = keyFrom(options.key ?? "cookie");
  const { cookielessHeader = "X-Session-ID" } = options;
  if (key.kind !== "cookie" && options.cookie !== undefined) throw configError("cookie", `no cookie is set with key ${key.kind}.`);
  if (key.kind !== "cookie" && options.cookielessHeader !== undefined) throw configError("cookielessHeader", `is for clients without the cookie, and there is none with key ${key.kind}.`);
  const health = healthFrom(options.health ?? {});
  return {
    name: text("name", options.name ?? "holdfast", /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "1 to 40 small letters, digits and -, beginning with a letter"),
    nodes: nodesFrom(options.nodes),
    key,
    cookielessHeader: key.kind !== "cookie" || cookielessHeader === false ? undefined : steady("cookielessHeader", cookielessHeader),
    duration: durationFrom(options.duration ?? {}),
    cookie: cookieFrom(options.cookie ?? {}),
    health,
    drain: drainFrom(options.drain ?? {}, health),
  };
}

function keyFrom(key: unknown): AffinityKey {
  if (key === "cookie" || key === "ip") return { kind: key };
  if (typeof key !== "object" || key === null || !("header" in key)) throw configError("key", `must be "cookie", "ip" or { header }.`);
  noOthers("key.", key, ["header"]);
  return { kind: "header", header: steady("key.header", key.header) };
}

/** A header that stays the same while a client stays the same. */
function steady(option: string, value: unknown): string {
  const header = text(option, value, HEADER, HEADER_WORDS);
  if (/^(?:cookie|authorization|proxy-authorization)$/i.test(header)) throw configError(option, `${header} carries credentials and changes with them: clients would move.`);
  return header;
}

function durationFrom(options: Partial<AffinityDuration>): AffinityDuration {
  noOthers("duration.", options, ["idle", "absolute", "cookie"]);
  const { cookie = "session" } = options;
  const absolute = seconds("duration.absolute", options.absolute ?? 8 * HOUR, MINUTE, 30 * DAY);
  const idle = seconds("duration.idle", options.idle ?? Math.min(30 * MINUTE, absolute), 1000, absolute);
  if (cookie !== "session" && cookie !== "persistent") throw configError("duration.cookie", "must be session or persistent.");
  return { idle, absolute, cookie };
}

function healthFrom(options: Partial<AffinityHealth>): AffinityHealth {
  noOthers("health.", options, ["path", "interval", "timeout", "fall", "rise"]);
  const interval = whole("health.interval", options.interval ?? 2000, 100, 300_000);
  return {
    path: text("health.path", options.path ?? "/healthz", /^\/[A-Za-z0-9._~/-]{0,200}$/, "a path of letters, digits, . _ ~ / and -"),
    interval,
    timeout: whole("health.timeout", options.timeout ?? Math.min(1000, interval), 50, interval),
    fall: whole("health.fall", options.fall ?? 2, 1, 10),
    rise: whole("health.rise", options.rise ?? 2, 1, 10),
  };
}

/** Twice the notice: for the 404, and for the check that fails. */
function drainFrom(options: Partial<Affinity["drain"]>, { interval, fall, timeout }: AffinityHealth): Affinity["drain"] {
  noOthers("drain.", options, ["grace", "notice"]);
  const taken = interval * fall + timeout;
  if (options.notice === undefined && taken > HOUR / 2) throw configError("drain.notice", `would be ${taken} ms from health, and is ${HOUR / 2} at most: look more often, or give one.`);
  const notice = whole("drain.notice", options.notice ?? taken, 0, HOUR / 2);
  const grace = seconds("drain.grace", options.grace ?? Math.max(30_000, Math.ceil(notice / 500) * 1000), 1000, HOUR);
  if (grace < 2 * notice) throw configError("drain.grace", `must be twice drain.notice (${notice} ms, from health unless it is given) at least.`);
  return { grace, notice };
}
