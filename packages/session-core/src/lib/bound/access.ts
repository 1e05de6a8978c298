import type { Millis } from "@holdfast/session-protocol";
import type { Clock } from "../clock.ts";
import type { SessionState } from "../session/state.ts";
import { parseKey } from "./bound-key.ts";
import type { AccessFault, EmitBinding } from "./events.ts";
import { skippedOf } from "./items.ts";
import type { BindingSettings } from "./options.ts";
import { aboutTicket } from "./issuing.ts";
import type { Stamps } from "./stamps.ts";
import type { TicketCookie } from "./ticket-cookie.ts";

/**
 * - `free`: nobody is signed in, or binding is off.
 * - `bound`: with a ticket for this session and this key. `unbound`: the session has no key, and needs none (yet), or it was bound a moment ago and its first ticket is on its way.
 * - `skipped`: let through without a ticket, since `skipped` is `allow`.
 * - `refused`: answer 401; the session goes on for whoever has the ticket. With `signIn` the browser has no way to one: say so. Without it the next attempt may have one: take a ticket that is `expired` or `forged`
 *   away with `clear`, since browsers fetch another only where there is none. `indeterminate`: of a key or a release that this server does not have (yet); answer 503.
 */
export type Access =
  | { readonly outcome: "free" | "bound" | "unbound" | "skipped" }
  | { readonly outcome: "indeterminate" }
  | { readonly outcome: "refused"; readonly why: AccessFault; readonly signIn: boolean };

/** @param options `tell`: whether a refusal is an event, default true */
export type Check = (state: SessionState<unknown>, headers: Headers, options?: { readonly tell?: boolean }) => Access;

interface AccessParts {
  readonly settings: Pick<BindingSettings, "bind" | "registerWithin" | "skipped"> & { readonly clock: Clock };
  readonly stamps: Stamps;
  readonly cookie: TicketCookie;
  readonly emit: EmitBinding;
}

/** How long the first ticket may take to arrive. Shorter than any ticket lives, so a copied jar gains nothing by it. */
const FIRST_TICKET: Millis = 30_000;

export function createAccess({ settings, stamps, cookie, emit }: AccessParts): Check {
  const { bind, registerWithin, skipped, clock } = settings;
  return (state, headers, { tell = true } = {}) => {
    if (bind === "off" || state.kind !== "active") return { outcome: "free" };
    const { id, handle, key: text, createdAt } = state;
    const refused = (why: AccessFault): Access => {
      if (tell) emit({ type: "device_refused", handle, why });
      return { outcome: "refused", why, signIn: why === "no_ticket" || why === "unbound" };
    };
    const indeterminate = (of: "key" | "ticket"): Access => {
      if (tell) emit({ type: "device_indeterminate", handle, of });
      return { outcome: "indeterminate" };
    };
    const now = clock.now();
    if (text === undefined) return bind === "require" && now - createdAt > registerWithin ? refused("unbound") : { outcome: "unbound" };
    const key = parseKey(text);
    if (!key) return indeterminate("key");
    const about = aboutTicket(id, key.thumbprint);
    const verdicts = cookie.read(headers.get("cookie"), handle).map((ticket) => stamps.check("ticket", about, ticket, now));
    if (verdicts.includes("good")) return { outcome: "bound" };
    if (verdicts.includes("indeterminate")) return indeterminate("ticket");
    // The row says "bound" a round trip before the browser has its ticket, and what it sent meanwhile cannot wait for one.
    // By either clock: this server's may be behind that of the registration.
    if (verdicts.length === 0 && Math.abs(now - key.boundAt) < FIRST_TICKET) return { outcome: "unbound" };
    const reason = skippedOf(headers.get("secure-session-skipped"), handle);
    if (reason !== undefined) {
      if (tell) emit({ type: "device_skipped", handle, reason, action: skipped });
      if (skipped === "allow") return { outcome: "skipped" };
    }
    return refused(verdicts.includes("expired") ? "expired" : verdicts.length > 0 ? "forged" : reason === undefined ? "no_ticket" : "skipped");
  };
}
