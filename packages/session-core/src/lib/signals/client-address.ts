import { type Address, type AddressRange, isInRange, parseAddress } from "./address.ts";

/** Longer headers are not what proxies write. */
const MAX_LENGTH = 4096;
const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/;
// One pair of a Forwarded element (RFC 7239 section 4) and what follows it.
const PAIR = /\s*([a-z-]+)=(?:"([^"\\]*)"|([^\s",;=]+))\s*(;|,|$)/iy;

/**
 * Who sent the request: the peer of the socket, unless that is a trusted proxy. Then the headers are read from the right, past trusted proxies,
 * to the first address that is not one; what stands left of it the client could have written. Anything malformed on the way, and two
 * headers that disagree, leave the peer's address. Never throws.
 */
export function clientAddress(headers: Headers | undefined, peer: string | undefined, trusted: readonly AddressRange[]): Address | undefined {
  const own = peer === undefined ? null : parseAddress(peer);
  if (!own) return undefined;
  const isTrusted = (address: Address): boolean => trusted.some((range) => isInRange(address, range));
  if (!headers || !isTrusted(own)) return own;

  const walk = (hops: readonly string[] | null): Address => {
    let last = own;
    for (const hop of hops ? [...hops].reverse() : []) {
      const address = parseHop(hop.trim());
      if (!address) return own;
      last = address;
      if (!isTrusted(address)) break;
    }
    return last;
  };
  const list = headers.get("x-forwarded-for");
  const elements = headers.get("forwarded");
  const fromList = list !== null && walk(list.length > MAX_LENGTH ? null : list.split(","));
  const fromElements = elements !== null && walk(elements.length > MAX_LENGTH ? null : forwardedFor(elements));
  // A proxy writes one of them and may let a client's own through in the other.
  if (fromList && fromElements) return String(fromList) === String(fromElements) ? fromList : own;
  return fromList || fromElements || own;
}

/** The `for` of each element, in their order; `null` where one is malformed or has none. */
function forwardedFor(header: string): string[] | null {
  const hops: string[] = [];
  let hop: string | undefined;
  PAIR.lastIndex = 0;
  for (;;) {
    const pair = PAIR.exec(header);
    if (!pair) return null;
    const [, name = "", quoted, token, separator] = pair;
    if (name.toLowerCase() === "for") {
      if (hop !== undefined) return null;
      hop = quoted ?? token;
    }
    if (separator === ";") continue;
    if (hop === undefined) return null;
    hops.push(hop);
    hop = undefined;
    if (separator === "") return hops;
  }
}

function parseHop(text: string): Address | null {
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? [];
  return parseAddress(ipv6 ?? ipv4 ?? text);
}
