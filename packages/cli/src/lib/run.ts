import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES, Fault } from "./fault.ts";
import type { Io } from "./io.ts";

/**
 * Does what a command line says, as `holdfast` does, and gives the exit code: 0, or why nothing was done (1 failed, 2 usage, 3 invalid file, 4 too early,
 * 5 exists). Never rejects.
 *
 * @param argv the words after `holdfast`
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const program = new Command("holdfast").description("Session management on the command line.").exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err }).showHelpAfterError("(add --help for the options)");
  try {
    for (const [name, { about, load }] of Object.entries(COMMANDS)) {
      const command = program.command(name).description(about);
      if (argv.includes(name)) (await load()).define(command, io);
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    // Its message has been shown. What it gives a code of 0 for is a question for help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    const fault = error instanceof Fault ? error : new Fault("failed", error instanceof Error ? error.message : String(error));
    const { code, message, after } = fault;
    io.err(argv.includes("--json") ? `${JSON.stringify({ error: { code, message, ...(after === undefined ? {} : { after: new Date(after).toISOString() }) } })}\n` : `holdfast: ${message}\n`);
    return EXIT_CODES[code];
  }
}
