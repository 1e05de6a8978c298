export { addKey, type KeyStep, type KeyStepOptions, nextKeyStep, promoteKey, type PromoteKeyOptions, removeKey, type RemoveKeyOptions, replaceKeys } from "./lib/key-steps.ts";
