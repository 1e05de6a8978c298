import type { KeyRingFile } from "@holdfast/session-core";
import type { SigningKeyFile } from "@holdfast/session-core/tokens";
import { Fault } from "../fault.ts";
import type { Ring, Timing } from "./ring.ts";

/** A key file of either kind: that of sessions has a `subjectKey`. What signs tokens is loaded for those only. @throws Fault `invalid` */
export async function readRing(text: string, timing: Timing): Promise<Ring> {
  const file = parse(text);
  try {
    if ("subjectKey" in file) return (await import("./sessions-ring.ts")).sessionsRing(file as unknown as KeyRingFile, timing);
    return (await import("./tokens-ring.ts")).tokensRing(file as unknown as SigningKeyFile, timing);
  } catch (error) {
    throw invalid(error);
  }
}

/** What the core says of a wrong file names the entry, and quotes nothing. */
export function invalid(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code === "config" ? new Fault("invalid", (error as Error).message) : error;
}

const TIMES = ["since", "added"];
/** What a date can be made of. The rest is said by the core. */
const isTime = (value: unknown): boolean => typeof value !== "number" || Math.abs(value) <= 8.64e15;

function parse(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its own message would quote the text.
    throw new Fault("invalid", "This is no JSON; a key file is, as `holdfast keys new` makes it.");
  }
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Fault("invalid", "This is no key file: it has no `keys`. Make one with `holdfast keys new`.");
  if (!keys.every((key) => typeof key === "object" && key !== null && TIMES.every((name) => isTime((key as Record<string, unknown>)[name])))) throw new Fault("invalid", "This is no key file: its `keys` must be entries with times in milliseconds.");
  return value as object;
}
