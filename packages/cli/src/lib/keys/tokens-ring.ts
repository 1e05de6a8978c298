import { addSigningKey, nextSigningStep, promoteSigningKey, removeSigningKey, type SigningKeyFile, type SigningStep } from "@holdfast/session-core/tokens";
import { type DueStep, type Ring, textOf, type Timing } from "./ring.ts";

/** The signing keys of access tokens. @throws HoldfastError `config` for a file that is wrong */
export function tokensRing(file: SigningKeyFile, timing: Timing): Ring {
  const due = nextSigningStep(file, timing);
  const named = ({ step, kid, from }: SigningStep): DueStep => ({ step, ...(kid === undefined ? {} : { key: kid }), from });
  const without: SigningKeyFile = { keys: file.keys.filter(({ state }) => state !== "next") };
  return {
    kind: "tokens",
    keys: file.keys.map(({ kid, state, since, alg }) => ({ name: kid, state, since, alg })),
    due: named(due),
    dueOf: (step) => [due, nextSigningStep(without, timing), { step: "add", from: 0 } as const].filter((one) => one.step === step).map(named)[0],
    async take({ step, key = "" }, now, force) {
      const { lifetime, jwksMaxAge } = timing;
      const stepped = { add: () => addSigningKey(file, { now }), promote: () => promoteSigningKey(file, { jwksMaxAge, now, force }), remove: () => removeSigningKey(file, key, { lifetime, now, force }) }[step]();
      return tokensRing(await stepped, timing);
    },
    text: () => textOf(file),
  };
}
