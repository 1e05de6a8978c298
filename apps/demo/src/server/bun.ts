import { listenOnBun } from "./listen-bun.ts";
import { program } from "./program.ts";

/** On Bun. */
export const run = (args: readonly string[]): Promise<void> => program(args, listenOnBun);
