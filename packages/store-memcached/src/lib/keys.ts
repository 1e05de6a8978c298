import { createHash } from "node:crypto";
import type { SessionId } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { wrongOption } from "./errors.ts";
import type { MemcachedNode } from "./node.ts";
import { placement } from "./placement.ts";

/** What needs no hash: the core's ids are 24 of these. */
const PLAIN = /^[\w-]{1,64}$/;

/** Where a session lies, and the mark of its subject beside it: on the same node, so that both are read in one trip. */
export interface Place {
  readonly node: MemcachedNode;
  readonly row: string;
  readonly mark: string;
}

/** @throws HoldfastError `config` */
export function placesIn(nodes: readonly MemcachedNode[], prefix: string): (id: SessionId) => Place {
  if (typeof prefix !== "string" || !/^[!-~]{1,64}$/.test(prefix)) throw wrongOption("prefix", "must be 1 to 64 visible ASCII characters, no spaces.");
  const nodeOf = placement(nodes);
  return (id) => {
    const partition = partitionOf(id);
    return { node: nodeOf(partition), row: prefix + nameOf(id), mark: `${prefix}m:${nameOf(partition)}` };
  };
}

/** memcached takes 250 bytes without spaces and control characters. The colon keeps what is hashed apart from what is plain. */
const nameOf = (name: string): string => (PLAIN.test(name) ? name : `h:${createHash("sha256").update(name).digest("base64url")}`);
