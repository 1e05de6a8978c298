export type Shown = { readonly status: string };

/**
 * Whether two states are the same to whoever looks. The time left counts by the second, and only during a warning; so do deadlines and view when `loose`, since
 * each answer moves them and that is no reason to draw a page again.
 */
export function alike(a: Shown, b: Shown, loose?: boolean): boolean {
  const part = (state: Shown, key: string): unknown => {
    const value: unknown = state[key as keyof Shown];
    return key === "endsIn" ? state.status === "warning" && Math.ceil(Number(value) / 1000) : (loose && /At$|view/.test(key)) || value;
  };
  return [a, b].every((state) => Object.keys(state).every((key) => part(a, key) === part(b, key)));
}
