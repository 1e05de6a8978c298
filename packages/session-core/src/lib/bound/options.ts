import { DEFAULT_BASE, type Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { configError, noOthers, oneOf } from "../errors.ts";
import type { SessionStore } from "../port.ts";
import type { PolicyProfile } from "../session/policy.ts";
import type { Sessions } from "../sessions.ts";
import type { KeyRingFile } from "../token/key-ring.ts";
import type { BoundAlgorithm } from "./bound-key.ts";
import type { BindingEvent } from "./events.ts";

export interface DeviceBindingOptions {
  /** The store of the sessions: the key goes into the session's own row. Not for sealed sessions, which have none. */
  readonly store: SessionStore;
  /** The key file of the sessions. Tickets and challenges have a key of their own, derived from it. */
  readonly keys: KeyRingFile;
  /** As in `createSessions`. Default `default`. */
  readonly realm?: string;
  /**
   * `prefer` (default): a browser that can binds its session, any other goes on with the cookie alone. `require`: a session that is not bound
   * `registerWithin` after its sign-in is refused. `off`: nobody is asked to bind, and tickets are not looked at; browsers that are bound still get theirs, so that servers can change over one by one and back.
   */
  readonly bind?: "off" | "prefer" | "require";
  /** What proofs may be signed with, in the server's order of preference. Default ES256 alone. */
  readonly algorithms?: readonly BoundAlgorithm[];
  /** How long a ticket is good, in ms: as long does a stolen jar work. Default 5 min, 1 min to 1 h. Below some 4 min browsers refresh often, and may run out of quota. */
  readonly ticketLife?: Millis;
  /** How long after the sign-in a session may be bound, in ms, with the one challenge that the sign-in brought, which lives a minute; and with `require`, how long it may go unbound. Default 2 min, 10 s to 10 min. */
  readonly registerWithin?: Millis;
  /** Where the session routes are, as browsers see it. Their sign-out needs no ticket, and their view says `none` to a browser that has to sign in again. Default `/session`. */
  readonly base?: string;
  /** Where the two routes are, as browsers see it: `<path>/register` and `<path>/refresh`. Bindings of one origin need one each. Default `<base>/dbsc`, in a realm of its own `<base>/dbsc-<realm>`. */
  readonly path?: string;
  /** Paths, and all below them, that need no ticket: the browser does not wait for one there. Sign-in pages and static files. `<base>/logout` always is. */
  readonly exclude?: readonly string[];
  /**
   * Hosts of the same site whose pages fetch from here: `app.example`, `*.app.example`. Their requests then wait for a ticket as those of this origin do; else they come without one and are refused. Default none. Of another
   * site only with `cookie.sameSite` `none`, since the refresh comes with the cookies that such a page's requests have; it could tell by the time it takes whether somebody is signed in.
   */
  readonly refreshInitiators?: readonly string[];
  /** The origin that browsers see, `https://app.example`: behind a proxy that ends TLS. Default: that of the request's URL. */
  readonly origin?: string;
  /**
   * What a request without a ticket gets that says, in `Secure-Session-Skipped`, that its browser could not refresh. Default `refuse`. `allow` keeps such a browser going, and
   * everybody else who writes that header: it takes the binding back to a hint. Only with profile `default`.
   */
  readonly skipped?: "refuse" | "allow";
  /** The policy profile of these sessions, if it is not `default`. Believed, not looked up: `createSessions` does not say which it got. All it does is to refuse `skipped: "allow"`. */
  readonly profile?: PolicyProfile;
  /** How long one call of the store may take, in ms. Default 3000. */
  readonly storeTimeout?: Millis | "off";
  readonly onEvent?: (event: BindingEvent) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

export interface BindingSettings extends Required<Omit<DeviceBindingOptions, "onEvent" | "origin" | "profile">>, Pick<DeviceBindingOptions, "onEvent" | "origin"> {
  /** Of the ticket's cookie, without prefix. */
  readonly name: string;
}

const OPTIONS: readonly string[] = [
  "store", "keys", "realm", "bind", "algorithms", "ticketLife", "registerWithin", "base", "path", "exclude", "refreshInitiators", "origin", "skipped", "profile", "storeTimeout", "onEvent", "clock",
] satisfies (keyof DeviceBindingOptions)[];
const ALGORITHMS: readonly unknown[] = ["ES256", "RS256"] satisfies BoundAlgorithm[];
const SECOND: Millis = 1000;
const MINUTE = 60 * SECOND;
/** A browser makes no session of instructions with another. */
const HOSTS = /^(?:\*|(?:\*\.)?[\da-z-]+(?:\.[\da-z-]+)*)$/;
/** Quoted in headers and JSON, matched by browsers letter for letter. */
const PATH = /^(?:\/[\w.~!$&'()*+,=:@-]+)+$/;

/** @throws HoldfastError `config` naming the option and the fix */
export function checkOptions(sessions: Pick<Sessions<never>, "cookie">, options: DeviceBindingOptions): BindingSettings {
  noOthers("", options, OPTIONS);
  const { bind = "prefer", algorithms = ["ES256"], ticketLife = 5 * MINUTE, registerWithin = 2 * MINUTE, base = DEFAULT_BASE, exclude = [], refreshInitiators = [], origin, skipped = "refuse", profile = "default" } = options;
  const { store, keys, realm = "default", storeTimeout = 3000, clock = systemClock } = options;
  const { cookie } = sessions;
  if (!/^[\w.:/-]{1,64}$/.test(realm)) throw configError("realm", "must be 1 to 64 letters, digits or any of _ . : / -, as in createSessions.");
  const own = realm === "default" ? "" : `-${realm.replaceAll(/\W/g, "_")}`;
  const { path = `${base}/dbsc${own}` } = options;
  if (typeof store?.update !== "function") throw configError("store", "must be the store of the sessions.");
  if ("sealed" in store) throw configError("store", "holds no rows: a sealed session cannot be bound, since whoever has its cookie could go back to the one from before.");
  if (!keys) throw configError("keys", "are needed: the key file that createSessions gets.");
  oneOf("bind", bind, ["off", "prefer", "require"]);
  if (!(Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every((name) => ALGORITHMS.includes(name)))) throw configError("algorithms", "must be some of ES256, RS256; there is no none.");
  between("ticketLife", ticketLife, MINUTE, 60 * MINUTE);
  between("registerWithin", registerWithin, 10 * SECOND, 10 * MINUTE);
  if (!(storeTimeout === "off" || (storeTimeout > 0 && storeTimeout < 2 ** 31))) throw configError("storeTimeout", 'must be a number of milliseconds, or "off".');
  pathOf("base", base);
  pathOf("path", path);
  if (cookie.path !== "/" && !`${path}/`.startsWith(`${cookie.path}/`)) throw configError("path", `must be below cookie.path, ${cookie.path}: the session's cookie reaches nothing else.`);
  for (const one of exclude) if (!PATH.test(one)) throw configError("exclude", `"${one}" must be a path without trailing slash, like "/sign-in"; what is below it is excluded too.`);
  for (const one of refreshInitiators) if (!HOSTS.test(one)) throw configError("refreshInitiators", `"${one}" must be a host like "app.example" or "*.app.example".`);
  if (origin !== undefined && !(origin.startsWith("https:") && URL.canParse(origin) && new URL(origin).origin === origin)) throw configError("origin", 'must be as browsers write it, "https://app.example": small letters, no path, no slash, no port 443.');
  oneOf("skipped", skipped, ["refuse", "allow"]);
  oneOf("profile", profile, ["default", "nistAal2", "nistAal3", "pci", "hipaa", "banking"]);
  if (skipped === "allow" && profile !== "default") throw configError("skipped", `must be "refuse" with profile ${profile}: the header that allow believes can be written by anybody.`);
  if (cookie.domain !== undefined && bind !== "off") throw configError("bind", 'must be "off" with cookie.domain: a browser binds one origin, and would be refused on the other subdomains.');
  if (!cookie.secure && bind === "require") throw configError("bind", 'must not be "require" without secure cookies: browsers bind over https only.');
  return { store, keys, realm, name: `bound${own}`, bind, algorithms, ticketLife, registerWithin, base, path, exclude: [`${base}/logout`, ...exclude], refreshInitiators, skipped, storeTimeout, clock, ...(origin === undefined ? {} : { origin }), ...(options.onEvent ? { onEvent: options.onEvent } : {}) };
}

function pathOf(option: string, path: string): void {
  if (!PATH.test(path)) throw configError(option, 'must be a path without trailing slash, like "/session".');
}

function between(option: string, value: unknown, least: Millis, most: Millis): void {
  if (typeof value !== "number" || !(value >= least && value <= most)) throw configError(option, `must be a number of milliseconds, at least ${least} and at most ${most}.`);
}
