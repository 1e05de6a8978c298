import type { Millis } from "@holdfast/session-protocol";
import type { SessionId } from "../port.ts";
import type { BoundKey } from "./bound-key.ts";
import { quote } from "./items.ts";
import type { BindingSettings } from "./options.ts";
import type { Stamps } from "./stamps.ts";
import type { TicketCookie } from "./ticket-cookie.ts";

/** What a browser gets for a good proof. */
export interface Grant {
  /** A complete `Set-Cookie` value, with the ticket. */
  readonly cookie: string;
  /** For `Secure-Session-Challenge`: the next one, which saves the browser a round trip. */
  readonly challenge: string;
  /** The session instructions, JSON. */
  readonly instructions: string;
}

export interface Issuing {
  grant(id: SessionId, handle: string, key: BoundKey): Grant;
  /** A new challenge for the refresh of this session, as `Secure-Session-Challenge` has it. */
  challenge(id: SessionId, handle: string): string;
}

/** Of 16 bytes. */
export const CHALLENGE_RANDOM = 16;
/** The cookie goes this long before its ticket: a request that was sent with it arrives while it is good, at a server whose clock is 5 s ahead too. */
const MARGIN: Millis = 15_000;
/** A challenge handed out with a ticket is used when that one is over, at the latest; an idle page asks for another. */
const LONGER: Millis = 2 * 60_000;
/** With tickets that live longer, the refresh asks for a new one: a proof that leaks must not be good for an hour. */
const LONGEST: Millis = 12 * 60_000;

/** What a ticket is for. Both have one length. */
export const aboutTicket = (id: SessionId, thumbprint: string): string => `${id}\0${thumbprint}`;

interface IssuingParts {
  readonly settings: BindingSettings;
  readonly stamps: Stamps;
  readonly cookie: TicketCookie;
  readonly paths: { readonly refresh: string };
}

export function createIssuing({ settings, stamps, cookie, paths }: IssuingParts): Issuing {
  const { ticketLife, exclude, refreshInitiators, clock } = settings;
  const rules = exclude.map((path) => ({ type: "exclude", domain: "*", path }));
  const challenge: Issuing["challenge"] = (id, handle) => `${quote(stamps.make("refresh", id, clock.now() + Math.min(ticketLife + LONGER, LONGEST), CHALLENGE_RANDOM))};id=${quote(handle)}`;
  return {
    challenge,
    grant(id, handle, { thumbprint }) {
      const ticket = stamps.make("ticket", aboutTicket(id, thumbprint), clock.now() + ticketLife);
      const instructions = {
        session_identifier: handle,
        refresh_url: paths.refresh,
        scope: { include_site: false, scope_specification: rules },
        allowed_refresh_initiators: refreshInitiators,
        credentials: [{ type: "cookie", name: cookie.nameOf(handle), attributes: cookie.attributes }],
      };
      return { cookie: cookie.set(handle, ticket, Math.floor((ticketLife - MARGIN) / 1000)), challenge: challenge(id, handle), instructions: JSON.stringify(instructions) };
    },
  };
}
