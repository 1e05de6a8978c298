import { type Command, Option } from "commander";
import { parseDuration } from "../duration.ts";
import type { Io } from "../io.ts";
import type { NewOptions } from "../keys/new.ts";
import type { RotateOptions } from "../keys/rotate.ts";
import type { ListOptions } from "../keys/list.ts";

const MINUTE = 60_000;
const PROFILES = ["default", "nistAal2", "nistAal3", "pci", "hipaa", "banking"];

/** `holdfast keys new | list | rotate`, for the key ring of sessions and the signing keys of access tokens. */
export function define(keys: Command, io: Io): void {
  keys
    .command("new")
    .description("make a key file with one active key")
    .argument("<file>", "where it goes, or - for standard output")
    .addOption(new Option("--kind <kind>", "what the keys are for").choices(["sessions", "tokens"]).default("sessions"))
    .addOption(new Option("--alg <algorithm>", "of the keys of tokens").choices(["ES256", "Ed25519"]))
    .option("--overwrite", "also where there is a file already: what its keys signed is then refused")
    .option("--json", "say what was done as JSON")
    .action(async (file: string, options: NewOptions) => (await import("../keys/new.ts")).makeKeys(file, options, io));

  withTiming(keys.command("list").description("show what is in a key file and what is due next, without its secrets").argument("<file>", "a key file, or - for standard input"))
    .option("--json", "as JSON")
    .action(async (file: string, options: ListOptions) => (await import("../keys/list.ts")).listKeys(file, options, io));

  withTiming(
    keys
      .command("rotate")
      .description("take the next step of a rotation: add a key, make it sign, remove the old one. Between two steps, give the file to all servers")
      .argument("<file>", "a key file, which is replaced, or - to read standard input and write standard output"),
  )
    .addOption(new Option("--step <step>", "take this one, instead of the next").choices(["add", "promote", "remove"]))
    .option("--force", "also where it is too early: requests may fail then")
    .option("--out <file>", "leave the file as it is, and write another one, or - for standard output")
    .option("--overwrite", "with --out: also where there is a file already")
    .option("--json", "say what was done as JSON")
    .action(async (file: string, options: RotateOptions) => (await import("../keys/rotate.ts")).rotateKeys(file, options, io));
}

/** How long what a key signed may live, which says when it may go. */
const withTiming = (command: Command): Command =>
  command
    .addOption(new Option("--policy <profile>", "of the sessions, which says how long the longest of them lives").choices(PROFILES).default("default"))
    .option("--longest <duration>", "the longest life of any session instead: the greatest of the policy's absolute, guest and remember limits", parseDuration)
    .option("--lifetime <duration>", "of the access tokens", parseDuration, 5 * MINUTE)
    .option("--jwks-max-age <duration>", "for how long verifiers keep the published keys", parseDuration, 10 * MINUTE);
