export { addKey, type KeyStep, type KeyStepOptions, nextKeyStep, promoteKey, type PromoteKeyOptions, removeKey, type RemoveKeyOptions } from "./lib/key-steps.ts";
