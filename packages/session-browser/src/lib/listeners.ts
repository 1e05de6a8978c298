/** Who listens. One that throws, leaves or joins while others are told disturbs nobody. */
export interface Listeners<Told> {
  readonly size: () => number;
  /** Returns what removes it, and says whether that was still to do. */
  readonly add: (tell: (told: Told) => unknown) => () => boolean;
  readonly clear: () => void;
  /** Each hears what holds at the moment it is told, since one before it may have changed it. Returns what they returned. */
  readonly tell: (current: () => Told) => unknown[];
}

export function createListeners<Told>(): Listeners<Told> {
  const all = new Set<readonly [(told: Told) => unknown]>();
  return {
    size: () => all.size,
    add(tell) {
      const entry = [tell] as const;
      all.add(entry);
      return () => all.delete(entry);
    },
    clear: () => all.clear(),
    tell: (current) =>
      [...all].map((entry) => {
        try {
          return all.has(entry) && entry[0](current());
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }),
  };
}
