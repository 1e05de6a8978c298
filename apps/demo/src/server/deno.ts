import { listenOnDeno } from "./listen-deno.ts";
import { program } from "./program.ts";

/** On Deno. */
export const run = (args: readonly string[]): Promise<void> => program(args, listenOnDeno);
