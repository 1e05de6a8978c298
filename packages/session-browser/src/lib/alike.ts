export type Shown = { readonly status: string; readonly endsIn?: number };

/**
 * Whether two states are the same to whoever looks. The time left counts by the second, and only during a warning; so do deadlines and view when `loose`, since
 * each answer moves them and that is no reason to draw a page again.
 */
export function alike(a: Shown, b: Shown, loose = false): boolean {
  const print = (state: Shown): unknown[] =>
    Object.entries(state).flatMap(([key, value]) => (key === "endsIn" ? (state.status === "warning" ? Math.ceil(Number(value) / 1000) : []) : loose && /At$|view/.test(key) ? [] : [key, value]));
  const [first, second] = [print(a), print(b)];
  return first.length === second.length && first.every((value, i) => value === second[i]);
}
