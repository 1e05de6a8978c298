/** Longer values are not what browsers send. */
const LONGEST = 8192;
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\s*(?:;.*)?$/;
const BARE = /^([\w\-.~+/=:]+)\s*(?:;.*)?$/;
const NAMED = "session_identifier=";
const REASONS = ["unreachable", "server_error", "quota_exceeded"] as const;

/** Why a browser sent a request without having refreshed, as it says itself. */
export type SkippedReason = (typeof REASONS)[number];

/** The value of a header of one string: quoted, as the specification has it (RFC 9651 section 3.3.3), or bare, as Chromium sends it. */
export function itemOf(header: string | null | undefined): string | undefined {
  const text = header?.trim();
  if (!text || text.length > LONGEST) return undefined;
  const [, quoted] = QUOTED.exec(text) ?? [];
  return quoted === undefined ? BARE.exec(text)?.[1] : quoted.replaceAll(/\\(["\\])/g, "$1");
}

/** A reason in `Secure-Session-Skipped` for this session: a browser may have several of one origin. A hint: any sender can write it. */
export function skippedOf(header: string | null | undefined, id: string): SkippedReason | undefined {
  if (!header || header.length > LONGEST) return undefined;
  const words = header.split(",").map((part) => {
    const [word, ...parameters] = part.split(";").map((text) => text.trim());
    const named = parameters.find((text) => text.startsWith(NAMED));
    return named === undefined || itemOf(named.slice(NAMED.length)) === id ? word : undefined;
  });
  return REASONS.find((reason) => words.includes(reason));
}

/** As a string of structured fields (RFC 9651 section 4.1.6). All that we quote is ASCII. */
export const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
