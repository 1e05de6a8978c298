// What a case may claim. No test runner has an expect() that runs in all of these places, and a case needs no more than this.

class Wrong extends Error {
  override readonly name = "Wrong";
}

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))).slice(0, 500);

/** By structure; members that are `undefined` count as absent, as in JSON. */
export function same(actual: unknown, wanted: unknown, what = "value"): void {
  if (!matches(actual, wanted, true)) throw new Wrong(`${what}: ${shown(actual)}, and not ${shown(wanted)}`);
}

/** Has at least these members, as deep as they go. Lists are compared whole. */
export function has(actual: unknown, wanted: object, what = "value"): void {
  if (!matches(actual, wanted, false)) throw new Wrong(`${what}: ${shown(actual)}, which lacks ${shown(wanted)}`);
}

export function yes(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Wrong(what);
}

/** The code that work fails with; `none` when it does not fail. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "none";
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

function matches(actual: unknown, wanted: unknown, whole: boolean): boolean {
  if (Object.is(actual, wanted)) return true;
  if (wanted instanceof RegExp) return typeof actual === "string" && wanted.test(actual);
  if (typeof actual !== "object" || typeof wanted !== "object" || actual === null || wanted === null) return false;
  if (Array.isArray(wanted) !== Array.isArray(actual)) return false;
  const [theirs, ours] = [actual as Record<string, unknown>, wanted as Record<string, unknown>];
  if (Array.isArray(wanted) && (actual as unknown[]).length !== wanted.length) return false;
  const names = new Set([...Object.keys(ours), ...(whole ? Object.keys(theirs) : [])]);
  return [...names].every((name) => matches(theirs[name], ours[name], whole));
}
