import type { Command } from "commander";
import type { Io } from "./io.ts";

/** The file of a command: says what its options and subcommands are, and loads what they do when they are called. */
export interface CommandFile {
  readonly define: (command: Command, io: Io) => void;
}

interface Entry {
  /** One line for the help of all. */
  readonly about: string;
  readonly load: () => Promise<CommandFile>;
}

/** Every command, by its first word. Only the file of the one that is called is loaded. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  affinity: { about: "write the configuration of a balancer for sticky sessions, and look at one that runs", load: () => import("./commands/affinity.ts") },
  keys: { about: "make, list and rotate the key files of sessions and access tokens", load: () => import("./commands/keys.ts") },
};
