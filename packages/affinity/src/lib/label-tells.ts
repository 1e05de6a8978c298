import { hex, octetsOf, plain } from "./address-forms.ts";
import type { AffinityNode } from "./affinity.ts";

/** Four numbers in a row are an address, whosever it is. */
const FOUR = /(?<!\d)\d{1,3}([._-]\d{1,3}){3}(?!\d)/;
/** Shorter ones are in many a label by chance. */
const LONG = 6;

/** Whether a label tells the name or address of one of the nodes, however it is punctuated or written. */
export function labelTells(label: string, nodes: readonly Pick<AffinityNode, "host" | "port">[]): boolean {
  const decoded = decodedFrom(label);
  return FOUR.test(label) || FOUR.test(decoded) || nodes.some(({ host, port }) => namesNode(label, decoded, host, port));
}

function namesNode(label: string, decoded: string, host: string, port: number): boolean {
  const own = plain(label);
  const octets = octetsOf(host);
  const whole = octets.length > 0 ? [hex(octets)] : [plain(host), ...(host.startsWith("[") ? [hex(bytesOf(host))] : [])];
  const same = [plain(host), plain(`${host}:${port}`), ...whole, ...(octets.length > 0 || host.startsWith("[") ? [] : [plain(host.split(".")[0] ?? "")])];
  const numbers = octets.length > 0 ? [octets, octets.toReversed()].map((bytes) => String(Number.parseInt(hex(bytes), 16))) : [];
  const isOneWord = octets.length === 0 && !/[.:]/.test(host);
  return (
    same.includes(own) ||
    (!isOneWord && whole.some((form) => form.length >= LONG && own.includes(form))) ||
    (label.match(/\d+/g) ?? []).some((number) => numbers.includes(number)) ||
    (host.length >= LONG && decoded.toLowerCase().includes(host.replaceAll(/[[\]]/g, "").toLowerCase())) ||
    (octets.length > 0 && decoded === String.fromCharCode(...octets))
  );
}

/** The sixteen bytes of an IPv6 address in brackets. */
function bytesOf(host: string): readonly number[] {
  const [head = [], tail = []] = host.slice(1, -1).split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0"), ...tail];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}

/** What a label says in base64, or nothing. */
function decodedFrom(label: string): string {
  try {
    return atob(label.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}
