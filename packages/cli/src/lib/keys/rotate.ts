import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";
import { changeKeyFile, isSameFile, readKeyFile, STANDARD, writeKeyFile } from "./key-file.ts";
import { invalid, readRing } from "./read-ring.ts";
import { advice, type Done, reportJson, sayDue } from "./report.ts";
import type { Ring, Step, Timing } from "./ring.ts";

export interface RotateOptions extends Timing {
  readonly step?: Step;
  readonly force?: boolean;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

export async function rotateKeys(file: string, options: RotateOptions, io: Io): Promise<void> {
  const { out = file, overwrite = false, json = false } = options;
  let now = 0;
  let rotated: { readonly ring: Ring; readonly done: Done } | undefined;
  const change = async (text: string): Promise<string> => {
    // Not before the file is there: what comes through a pipe may be made while this waits for it.
    now = io.now();
    rotated = await rotate(await readRing(text, options), options, now);
    return rotated.ring.text();
  };
  if (await isSameFile(out, file)) await changeKeyFile(file, io, change);
  else {
    const text = await change(await readKeyFile(file, io));
    await writeKeyFile(out, async () => text, overwrite, io);
  }
  if (!rotated) return;
  const { ring, done } = rotated;
  const say = json && out !== STANDARD ? io.out : io.err;
  say(json ? reportJson(out, ring, now, done) : advice(out, ring, now, done));
}

/** @throws Fault `too_early`, or `usage` for a step that there is no key for */
async function rotate(ring: Ring, { step, force = false }: RotateOptions, now: number): Promise<{ ring: Ring; done: Done }> {
  const due = step === undefined ? ring.due : ring.dueOf(step);
  if (due?.step === "add" && ring.due.step === "promote") throw new Fault("usage", "A key is on its way in already; promote it first.");
  if (!due) throw new Fault("usage", step === "promote" ? "No key is on its way in; begin with --step add." : "No key is retired.");
  if (now < due.from && due.step !== "add" && !force) {
    const instead = due.step === "remove" ? " Another rotation can begin meanwhile, with --step add." : "";
    throw new Fault("too_early", `Too early to ${sayDue(due, now)}. Nothing was written; --force does it now, and requests may fail.${instead}`, due.from);
  }
  try {
    const after = await ring.take(due, now, force);
    const { key = after.keys.at(-1)?.name } = due;
    return { ring: after, done: { step: due.step, ...(key !== undefined && { key }) } };
  } catch (error) {
    const fault = invalid(error);
    throw fault instanceof Fault && now < due.from ? new Fault("too_early", fault.message, due.from) : fault;
  }
}
