export type Shown = { readonly status: string; readonly endsIn?: number; readonly view?: unknown };

/**
 * Whether two states are the same to whoever looks. The time left counts by the second, and only during a warning; so do deadlines and view when `loose`, since
 * each answer moves them and that is no reason to draw a page again.
 */
export function alike(a: Shown, b: Shown, loose?: boolean): boolean {
  const of = (state: Shown, key: string): unknown => (key === "endsIn" ? state.status === "warning" && Math.ceil((state.endsIn as number) / 1000) : state[key as keyof Shown]);
  return a === b || Object.keys({ ...a, ...b }).every((key) => (loose && /view|At$/.test(key)) || of(a, key) === of(b, key));
}
