export { type SealedOptions, sealedSessions, type SealedSessions } from "./lib/sealed/sealed-sessions.ts";
