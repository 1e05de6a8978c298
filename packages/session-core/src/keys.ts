export { addKey, type KeyStepOptions, promoteKey, removeKey, type RemoveKeyOptions } from "./lib/key-steps.ts";
