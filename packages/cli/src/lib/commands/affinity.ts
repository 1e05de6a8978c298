import type { Command } from "commander";
import type { ConfigOptions } from "../affinity/config.ts";
import type { ProbeOptions } from "../affinity/verify.ts";
import { parseDuration } from "../duration.ts";
import type { Io } from "../io.ts";

const TARGETS = "haproxy, nginx, caddy, kubernetes, gateway-api, aws-alb, gcp, f5";

/** `holdfast affinity TARGET` and `holdfast affinity verify URL`. */
export function define(affinity: Command, io: Io): void {
  affinity
    .argument("<target>", TARGETS)
    .option("--file <file>", "the description of nodes and stickiness: JSON, a module whose default export it is, or - for JSON on standard input", "affinity.json")
    .option("--target-version <version>", "of the balancer, as it names itself")
    .option("--listen <address>", "where clients come in: :8080 or 127.0.0.1:8080 (haproxy, nginx, caddy)")
    .option("--json", "the text, the file's name and the losses as JSON")
    .action(async (target: string, options: ConfigOptions) => (await import("../affinity/config.ts")).writeConfig(target, options, io));

  affinity
    .command("verify")
    .description("look at a running balancer as clients do: what it keeps together, its cookie, what happens when a node goes. Sends some two thousand requests")
    .argument("<url>", "of a page that answers with a header that names the node")
    .option("--node-header <name>", "that header", "x-node")
    .option("--session-header <name>", "the header that clients without cookies send", "X-Session-ID")
    .option("--clients <number>", "of each kind", Number, 90)
    .option("--suspects <addresses>", "addresses of nodes to look for in the cookie: host:port,host:port")
    .option("--loopback", "come from many addresses of 127.0.0.0/8: for a balancer on this machine, on Linux")
    .option("--take <command>", "a shell command that takes the node HOLDFAST_NODE away")
    .option("--give-back <command>", "one that gives it back")
    .option("--settle <duration>", "how long the balancer takes to notice", parseDuration, 5000)
    // --json is an option of the command above, which takes it wherever it stands.
    .action(async (url: string, options: ProbeOptions, command: Command) => (await import("../affinity/verify.ts")).verify(url, { ...options, ...command.optsWithGlobals<Pick<ProbeOptions, "json">>() }, io));
}
