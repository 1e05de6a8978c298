/** The same value, and nobody can change a part of it: it is handed out again and again. Without recursion, as strangers decide how deep it is. */
export function frozen<T extends object>(value: T): T {
  const open: object[] = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    Object.freeze(next);
    for (const member of Object.values(next) as unknown[]) if (typeof member === "object" && member !== null) open.push(member);
  }
  return value;
}
