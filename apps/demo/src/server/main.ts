import { listenOnNode } from "./listen-node.ts";
import { program } from "./program.ts";

/** On Node. */
export const run = (args: readonly string[]): Promise<void> => program(args, listenOnNode);
