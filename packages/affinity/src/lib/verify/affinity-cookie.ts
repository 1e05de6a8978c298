import { createHash, createHmac } from "node:crypto";
import { hex, octetsOf, plain } from "../address-forms.ts";
import type { Probe } from "./probe.ts";

export interface SeenCookie {
  readonly name: string;
  /** A whole Set-Cookie line. */
  readonly line: string;
  readonly values: readonly string[];
}

/** Cookies of balancers that say nothing by their values: encrypted, and new with each response. */
const KNOWN = /^(?:AWSALB|AWSALBAPP-\d|AWSALBTG|GCLB|GCILB|__cflb|ARRAffinity|BIGipServer.*)$/;

/** The part of a value that may name the node: HAProxy adds dates behind `|`, and sets labels before an application's value with `~`. */
const head = (value: string): string => value.split(/[|~]/)[0] ?? "";

/** The cookie that decides: the one whose values go with the nodes, each value with one node and each node with few values. */
export function affinityCookieOf(probes: readonly Probe[]): SeenCookie | undefined {
  const seen = new Map<string, { lines: string[]; pairs: [value: string, node: string][] }>();
  for (const { given, node } of probes) {
    for (const line of given.slice(0, 8)) {
      const [, name = "", value = ""] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || node === undefined) continue;
      const entry = seen.get(name) ?? { lines: [], pairs: [] };
      entry.lines.push(line);
      entry.pairs.push([head(value), node]);
      seen.set(name, entry);
    }
  }
  for (const [name, { lines, pairs }] of seen) {
    const nodes = new Set(pairs.map(([, node]) => node));
    const values = [...new Set(pairs.map(([value]) => value))];
    const oneNodeEach = values.every((value) => new Set(pairs.filter(([own]) => own === value).map(([, node]) => node)).size === 1);
    if (KNOWN.test(name) || (nodes.size > 1 && values.length === nodes.size && oneNodeEach)) return { name, line: lines[0] ?? "", values };
  }
  return undefined;
}

/** How `host:port` can be written: with and without the port, an IPv4 address by hexadecimal digits or as one number, a host without its domain. */
function formsOf(suspect: string): readonly string[] {
  const host = suspect.replace(/:\d{1,5}$/, "");
  const octets = octetsOf(host);
  if (octets.length === 0) return host.startsWith("[") ? [suspect, host] : [suspect, host, host.split(".")[0] ?? ""];
  const digits = hex(octets);
  return [suspect, host, digits, `${Number.parseInt(digits, 16)}`];
}

/** How a value shows where a node is, or `undefined`. `suspects` are addresses to try: `host:port`. */
export function leakIn(value: string, suspects: readonly string[]): string | undefined {
  const decoded = Buffer.from(value, "base64").toString("latin1");
  for (const [text, how] of [[value, "in plain"], [decoded, "in base64"]] as const) {
    for (const suspect of suspects) {
      if (formsOf(suspect).some((form) => plain(form) === plain(text)) || text.toLowerCase().includes(suspect.toLowerCase())) return `the address ${suspect} ${how}`;
    }
    if (/(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)/.test(text) && !/^\d+\.\d+\.0000$/.test(text)) return `the address ${how}`;
  }
  // Four numbers in a row are an address, whosever it is.
  if (/(?<![0-9A-Za-z])(?:\d{1,3}[_-]){3}\d{1,3}(?![0-9A-Za-z])/.test(value)) return "the address in plain";
  const bigip = /^(\d{5,10})\.(\d{1,5})\.0000$/.exec(value);
  if (bigip !== null) return "the address in BIG-IP's unencrypted form";
  for (const suspect of suspects) {
    for (const algorithm of ["md5", "sha1", "sha256"]) {
      const hash = createHash(algorithm).update(suspect).digest();
      if ([hash.toString("hex"), hash.toString("base64"), hash.toString("hex").slice(0, 16)].includes(value)) return `the unsalted ${algorithm.toUpperCase()} of ${suspect}`;
    }
    // What Caddy writes where it was given no key.
    const hash = createHmac("sha256", "").update(suspect).digest("hex");
    if (hash === value) return `the HMAC of ${suspect} under no secret`;
  }
  // What NGINX writes without `route=`.
  return /^[0-9a-f]{32}$/.test(value) ? "what looks like the MD5 of an address, which can be found by trying" : undefined;
}
