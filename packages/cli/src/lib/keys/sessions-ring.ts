import type { KeyRingFile, PolicyOptions } from "@holdfast/session-core";
import { addKey, type KeyStep, nextKeyStep, promoteKey, removeKey } from "@holdfast/session-core/keys";
import { type DueStep, type Ring, type Step, textOf, type Timing } from "./ring.ts";

const HALF_HOUR = 1_800_000;

/** The key ring of sessions. @throws HoldfastError `config` for a file that is wrong */
export function sessionsRing(file: KeyRingFile, timing: Timing): Ring {
  const policy = policyOf(timing);
  const due = nextKeyStep(file, { policy });
  const name = (id: number): string => `id ${id}`;
  const named = ({ step, id, from }: KeyStep): DueStep => ({ step, ...(id === undefined ? {} : { key: name(id) }), from });
  const idOf = (key: string | undefined): number => file.keys.find(({ id }) => name(id) === key)?.id ?? 0;
  return {
    kind: "sessions",
    keys: file.keys.map(({ id, state, since }) => ({ name: name(id), state, since })),
    due: named(due),
    dueOf: (step) => [due, nextKeyStep(without(file), { policy }), ADD].filter((one) => one.step === step).map(named)[0],
    async take({ step, key }, now, force) {
      const stepped = { add: () => addKey(file, { now }), promote: () => promoteKey(file, { now, force }), remove: () => removeKey(file, idOf(key), { policy, now, force }) }[step]();
      return sessionsRing(stepped, timing);
    },
    text: () => textOf(file),
  };
}

const ADD: { readonly step: Step; readonly from: number } = { step: "add", from: 0 };

/** As if no key were on its way in. */
const without = (file: KeyRingFile): KeyRingFile => ({ ...file, keys: file.keys.filter(({ state }) => state !== "next") });

const policyOf = ({ policy, longest }: Timing): PolicyOptions => {
  if (longest === undefined) return policy;
  const limits = { idle: Math.min(longest, HALF_HOUR), absolute: longest };
  return { ...limits, guest: limits };
};
