import type { AffinityNode } from "./affinity.ts";
import { configError, noOthers, text, whole } from "./config-error.ts";
import { labelTells } from "./label-tells.ts";

export interface AffinityNodeOptions {
  /**
   * Stands for the node in the cookie, and stays the same while its sessions live: 1 to 32 letters, digits, `_` or `-`, opaque. One that tells the name
   * or address of a node is refused, in other punctuation, hex, decimal or base64 too: the cookie would show to everybody how the network is laid out.
   */
  readonly label: string;
  /** `host:port`, the host being a name, an IPv4 address, or an IPv6 address in brackets. */
  readonly address: string;
  /** Its share of new clients, 1 to 256. Default 1. */
  readonly weight?: number;
  /** True: clients it has stay, new ones go elsewhere. Default false. */
  readonly draining?: boolean;
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;

/** @throws HoldfastError `config` */
export function nodesFrom(options: unknown): readonly AffinityNode[] {
  if (!Array.isArray(options) || options.length === 0) throw configError("nodes", "must be a list of at least one node.");
  const nodes = options.map((node: AffinityNodeOptions, index) => nodeFrom(`nodes[${index}]`, node));
  for (const [index, { label }] of nodes.entries()) {
    if (labelTells(label, nodes)) throw configError(`nodes[${index}].label`, "tells the name or address of a node to everybody who looks at the cookie. Take one that means nothing outside, such as a, b, c.");
  }
  for (const what of ["label", "address"] as const) {
    // Names of an NGINX upstream are the same in any case.
    const values = nodes.map((node) => (what === "label" ? node.label.toLowerCase() : addressOf(node)));
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined) throw configError("nodes", `two have the ${what} ${twice}.`);
  }
  if (nodes.every(({ draining }) => draining)) throw configError("nodes", "all are draining: new clients would have nowhere to go.");
  return nodes;
}

export const addressOf = ({ host, port }: AffinityNode): string => `${host}:${port}`;

function nodeFrom(option: string, options: AffinityNodeOptions): AffinityNode {
  if (typeof options !== "object" || options === null) throw configError(option, "must be { label, address }.");
  noOthers(`${option}.`, options, ["label", "address", "weight", "draining"]);
  const label = text(`${option}.label`, options.label, /^[A-Za-z0-9_-]{1,32}$/, "1 to 32 letters, digits, _ or -");
  const address = text(`${option}.address`, options.address, /^\S{3,300}$/, "host:port");
  const given = address.slice(0, address.lastIndexOf(":"));
  const host = hostFrom(`${option}.address`, given);
  const port = Number(/^\d{1,5}$/.exec(address.slice(given.length + 1))?.[0]);
  whole(`${option}.address`, port, 1, 65_535);
  const { draining = false } = options;
  if (typeof draining !== "boolean") throw configError(`${option}.draining`, "must be true or false.");
  return { label, host, port, weight: whole(`${option}.weight`, options.weight ?? 1, 1, 256), draining };
}

/**
 * The one form of a host in which engines write it: small letters, IPv6 as short as it can be. Refused are forms that engines read in different ways: an IPv4 address
 * as one number, with octal or inside of an IPv6 address, and `unix`, which is the way to a socket.
 */
function hostFrom(option: string, given: string): string {
  if (!HOST.test(given) || !URL.canParse(`http://${given}/`)) throw configError(option, "must be host:port, with an IPv6 address in brackets.");
  const host = new URL(`http://${given}/`).hostname;
  const hidesIPv4 = host.startsWith("[") ? /^\[::(?:(?:ffff:)?[0-9a-f]{1,4}(?::[0-9a-f]{1,4})?)?\]$/.test(host) && host !== "[::1]" : host !== given.toLowerCase();
  if (hidesIPv4) throw configError(option, "must name one node: an IPv4 address as four decimal numbers, or an IPv6 address of its own.");
  if (host === "unix") throw configError(option, "must not be unix: engines look for a socket then.");
  return host;
}
