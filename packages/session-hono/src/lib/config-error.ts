import { HoldfastError } from "@holdfast/session-core";

/** A wrong option: says which one and what to do about it. */
export const configError = (option: string, problem: string): HoldfastError => new HoldfastError("config", `${option}: ${problem}`, { option });

export const tokensNeeded = (): HoldfastError => configError("csrf", "createSessions({ csrf: createCsrfTokens({ keys }) }) must switch tokens on first.");
