import { HoldfastError } from "@holdfast/session-core/store";

export const wrongOption = (option: string, problem: string): HoldfastError => new HoldfastError("config", `${option}: ${problem}`, { option });

/** Whether the server refused with this word; both clients keep it at the beginning of the message. */
export const refusedWith = (error: unknown, words: RegExp): boolean => error instanceof Error && words.test(error.message);
