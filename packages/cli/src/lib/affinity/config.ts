import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type AffinityOptions, type AffinityTarget, affinityConfig, defineAffinity } from "@holdfast/affinity";
import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";
import { faultOf } from "./fault-of.ts";

export interface ConfigOptions {
  readonly file: string;
  readonly targetVersion?: string;
  readonly listen?: string;
  readonly json?: true;
}

/** Writes the configuration of one balancer to standard output, and what it cannot honour to standard error. */
export async function writeConfig(target: string, { file, targetVersion, listen, json }: ConfigOptions, io: Io): Promise<void> {
  const described = await read(file, io);
  try {
    // It checks the name of the target itself.
    const config = affinityConfig(defineAffinity(described), target as AffinityTarget, { ...(targetVersion === undefined ? {} : { version: targetVersion }), ...(listen === undefined ? {} : { listen }) });
    if (json === true) return io.out(`${JSON.stringify(config, null, 2)}\n`);
    io.out(config.text);
    for (const { option, text } of config.losses) io.err(`${option}: ${text}\n`);
  } catch (error) {
    throw faultOf(error, ["target", "version", "listen"]);
  }
}

async function read(file: string, io: Io): Promise<AffinityOptions> {
  try {
    if (/\.[cm]?[jt]s$/.test(file)) return ((await import(pathToFileURL(resolve(file)).href)) as { default: AffinityOptions }).default;
    return JSON.parse(file === "-" ? await io.stdin() : await readFile(file, "utf8")) as AffinityOptions;
  } catch (error) {
    throw new Fault("invalid", `${file} could not be read as a description: ${error instanceof Error ? error.message : String(error)}`);
  }
}
