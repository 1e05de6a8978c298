export type Shown = { readonly status: string; readonly view?: unknown };

/**
 * Whether two states are the same to whoever looks. The time left counts by the second, and only during a warning; so do deadlines and view when `loose`, since
 * each answer moves them and that is no reason to draw a page again.
 */
export function alike(a: Shown, b: Shown, loose = false): boolean {
  const print = (state: Shown): string =>
    JSON.stringify(state, (key, value: unknown) => (key === "endsIn" ? state.status === "warning" && Math.ceil(Number(value) / 1000) : key === "view" || (loose && key.endsWith("At")) ? undefined : value));
  return print(a) === print(b) && (loose || a.view === b.view);
}
