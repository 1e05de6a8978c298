import type { RingKey } from "./key-ring.ts";

/** Makes something of each key of a ring once: deriving costs more than using. */
export function perKey<T>(make: (key: RingKey) => T): (key: RingKey) => T {
  const made = new Map<number, T>();
  return (key) => {
    const known = made.get(key.id) ?? make(key);
    made.set(key.id, known);
    return known;
  };
}
