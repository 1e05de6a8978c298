/** Whether `version` is at least `least`: dotted numbers, compared one by one. */
export function atLeast(version: string, least: string): boolean {
  const own = version.split(".").map(Number);
  const other = least.split(".").map(Number);
  for (const [index, wanted] of other.entries()) {
    const part = own[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** Whether a list of versions has this one: `1.6` stands for itself and its patches, `2.6+` for all from there on. */
export const isKnown = (version: string, versions: readonly string[]): boolean =>
  versions.some((known) =>
    known.endsWith("+") ? /^\d+(\.\d+){0,3}$/.test(version) && atLeast(version, known.slice(0, -1)) : version === known || (/^[\d.]+$/.test(known) && version.startsWith(`${known}.`) && /^[\d.]+$/.test(version)),
  );
