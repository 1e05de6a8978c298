import { HoldfastError } from "@holdfast/session-core/store";

/** A wrong option, or one that the target would silently make weaker: says which, and what to do about it. */
export const configError = (option: string, problem: string): HoldfastError => new HoldfastError("config", `${option}: ${problem}`, { option });

/** Refuses what nobody reads: a misspelled `secure` would be believed to be in force. */
export function noOthers(prefix: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) if (!known.includes(name)) throw configError(prefix + name, "is no option; check its spelling.");
}

/** A whole number of milliseconds that makes whole seconds: what balancers count in. */
export function seconds(option: string, value: unknown, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value / 1000) || value < least || value > most) {
    throw configError(option, `must be milliseconds that make whole seconds, from ${least} to ${most}.`);
  }
  return value;
}

export function whole(option: string, value: unknown, least: number, most: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) throw configError(option, `must be a whole number from ${least} to ${most}.`);
  return value as number;
}

/** Every text goes into configuration files, so each has a form that needs no quotes in any of them. */
export function text(option: string, value: unknown, form: RegExp, words: string): string {
  if (typeof value !== "string" || !form.test(value)) throw configError(option, `must be ${words}.`);
  return value;
}
