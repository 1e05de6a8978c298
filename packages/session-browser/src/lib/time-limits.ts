import type { Limits } from "./warner.ts";

/** Limits of at least 20 hours are exempt, in seconds. */
const LONG = 72_000;

/**
 * Whether the server's limits leave 20 seconds to answer, and room for ten extensions unless the absolute limit is essential (WCAG 2.2.1). Where the view does not
 * tell they are taken to.
 */
export const allowsTime = ({ idleFor = LONG, expiresIn = LONG, authenticatedAgo = 0 }: Limits = {}, essential?: boolean): boolean =>
  // The client warns three quarters of a short idle time before its end. The whole absolute limit is in two parts, both rounded down.
  idleFor > 26 && (!!essential || expiresIn + authenticatedAgo + 2 >= Math.min(LONG, idleFor * 11));
