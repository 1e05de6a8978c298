import { formatDuration } from "../duration.ts";
import type { DueStep, Ring } from "./ring.ts";

/** What was done to which key. */
export interface Done {
  readonly step: "new" | "add" | "promote" | "remove";
  readonly key?: string;
}

/** A ring without its secrets, for programs. */
export function reportJson(file: string, { kind, keys, due }: Ring, now: number, done?: Done): string {
  const time = (at: number): string => new Date(at).toISOString();
  const told = {
    file,
    kind,
    ...(done && { done }),
    keys: keys.map(({ name, alg, state, since }) => ({ key: name, ...(alg !== undefined && { alg }), state, since: time(since), ageSeconds: Math.max(0, Math.floor((now - since) / 1000)) })),
    next: { step: due.step, ...(due.key !== undefined && { key: due.key }), from: time(due.from), due: now >= due.from },
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}

/** The same for people. */
export function reportText(file: string, { kind, keys, due }: Ring, now: number): string {
  const rows = keys.map(({ name, alg, state, since }) => [name, alg ?? "", state, `since ${new Date(since).toISOString()} (${formatDuration(now - since)})`]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).filter((cell) => cell !== "").join("  ")}`);
  return [`${file}: keys of ${kind}`, ...lines, `next: ${sayDue(due, now)}`, ""].join("\n");
}

export function sayDue({ step, key, from }: DueStep, now: number): string {
  if (step === "add") return "nothing has to be done; a rotation can begin at any time";
  const what = step === "promote" ? `make key ${key} sign, once all servers have it` : `remove key ${key}, once all servers sign with the active one`;
  return now >= from ? `${what}: now` : `${what}: from ${new Date(from).toISOString()} on (in ${formatDuration(from - now)})`;
}

/** What was done, and what the operator does now. */
export function advice(file: string, { due }: Ring, now: number, { step, key }: Done): string {
  const again = due.step === "add" ? "" : `Then ${sayDue(due, now)}:\n  holdfast keys rotate ${file}\n`;
  const done = {
    new: "A new key file with one active key.",
    add: "There is a new key, which signs nothing yet.",
    promote: `Key ${key} signs from now on; the one before only verifies.`,
    remove: `Key ${key} is out.`,
  }[step];
  return `${done} Give the file to all servers.\n${again}`;
}
