import { wrongOption } from "./errors.ts";
import type { MemcachedNode } from "./node.ts";

/**
 * Rendezvous hashing: of all nodes the one that, together with the name, hashes highest. Every server finds the same one whatever the order of its list, and
 * a node more or less moves only what lies there.
 * @throws HoldfastError `config`
 */
export function placement(nodes: readonly MemcachedNode[]): (name: string) => MemcachedNode {
  const [first, ...others] = Array.isArray(nodes) ? nodes : [];
  if (first === undefined || [first, ...others].some((node) => typeof node?.send !== "function" || typeof node.name !== "string")) {
    throw wrongOption("nodes", "must be one or more nodes; connectMemcached() of @holdfast/store-memcached/connect makes them.");
  }
  if (new Set(nodes.map(({ name }) => name)).size < nodes.length) throw wrongOption("nodes", "have names that are all different.");
  if (others.length === 0) return () => first;
  const seeded = nodes.map((node) => ({ node, seed: hash(node.name, 0x811c9dc5) }));
  return (name) => {
    let best: MemcachedNode = first;
    let highest = -1;
    for (const { node, seed } of seeded) {
      const score = mixed(hash(name, seed));
      if (score <= highest) continue;
      highest = score;
      best = node;
    }
    return best;
  };
}

/** FNV-1a of UTF-16 code units. It spreads work; nobody gains anything by choosing where his session lies. */
function hash(text: string, seed: number): number {
  let state = seed;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state;
}

/** The last characters move only the low bits of FNV: spread them over all (the finalizer of MurmurHash3). */
function mixed(state: number): number {
  let bits = state;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
