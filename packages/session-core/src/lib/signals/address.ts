/** 4 bytes, or 16. An IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address. */
export type Address = Uint8Array;

export interface AddressRange {
  readonly base: Address;
  readonly prefix: number;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const IPV6 = /^[0-9a-f:.]{2,45}$/i;

/** Strict: no octal, no shortened forms, no spaces. A zone (`%eth0`) is ignored. `null` for anything else; never throws. */
export function parseAddress(text: string): Address | null {
  const octets = IPV4.exec(text)?.slice(1);
  if (octets) return octets.every((octet) => String(Number(octet)) === octet && Number(octet) < 256) ? Uint8Array.from(octets, Number) : null;
  const zone = text.indexOf("%");
  const bare = zone < 0 ? text : text.slice(0, zone);
  return IPV6.test(bare) ? parseIpv6(bare) : null;
}

/** The URL parser is the one IPv6 parser that every runtime has; it also writes the address in its one canonical form. */
function parseIpv6(text: string): Address | null {
  let canonical: string;
  try {
    canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  } catch {
    return null;
  }
  const [left = [], right = []] = canonical.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const groups = [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return mapped ? bytes.slice(12) : bytes;
}

/** `10.0.0.0/8`, or a single address. `null` for anything else. */
export function parseRange(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!base) return null;
  const bits = base.length * 8;
  const digits = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
  // Of an IPv4 range written as IPv6, the prefix would count other bits.
  return prefix <= bits && !(slash >= 0 && bits === 32 && text.includes(":")) ? { base, prefix } : null;
}

export const isInRange = (address: Address, { base, prefix }: AddressRange): boolean =>
  address.length === base.length && networkOf(address, prefix).every((byte, i) => byte === networkOf(base, prefix)[i]);

/** The address with everything after the prefix set to zero. */
export const networkOf = (address: Address, prefix: number): Address =>
  address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))));
