import type { CookieAttributes } from "../session/state.ts";

/** The cookie that a browser refreshes. Instructions and Set-Cookie are made of the same text: where they differ, a browser refreshes before each request. */
export interface TicketCookie {
  /** One for each session: a late ticket of the one before does not take the place of this one's. */
  nameOf(handle: string): string;
  /** As in `credentials[].attributes`: without a Max-Age, which would be refused. */
  readonly attributes: string;
  /** A complete `Set-Cookie` value. */
  set(handle: string, ticket: string, maxAge: number): string;
  clear(handle: string): string;
  /** The values of that name, usually one. */
  read(header: string | null, handle: string): readonly string[];
}

/** Beyond that a Cookie header is not one of ours; servers allow 8 to 16 KB. */
const MOST_VALUES = 4;
const HANDLE_CHARACTERS = 8;

export function createTicketCookie(name: string, { path, secure, sameSite }: CookieAttributes): TicketCookie {
  const prefix = !secure ? "" : path === "/" ? "__Host-" : "__Secure-";
  const attributes = `Path=${path};${secure ? " Secure;" : ""} HttpOnly; SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`;
  const nameOf = (handle: string): string => `${prefix}${name}-${handle.slice(0, HANDLE_CHARACTERS)}`;
  const set = (handle: string, value: string, maxAge: number): string => `${nameOf(handle)}=${value}; Max-Age=${maxAge}; ${attributes}`;
  return {
    nameOf,
    attributes,
    set,
    clear: (handle) => `${set(handle, "", 0)}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`,
    read(header, handle) {
      const start = `${nameOf(handle)}=`;
      const pairs = (header ?? "").split(";").map((pair) => pair.trim());
      return pairs.filter((pair) => pair.startsWith(start)).slice(0, MOST_VALUES).map((pair) => pair.slice(start.length));
    },
  };
}
