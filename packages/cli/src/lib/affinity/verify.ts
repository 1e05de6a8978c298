import { verifyAffinity, type Verification } from "@holdfast/affinity/verify";
import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";
import { faultOf } from "./fault-of.ts";
import { createTaking } from "./taking.ts";

export interface ProbeOptions {
  readonly nodeHeader: string;
  readonly sessionHeader: string;
  readonly clients: number;
  readonly suspects?: string;
  readonly loopback?: true;
  readonly take?: string;
  readonly giveBack?: string;
  readonly settle: number;
  readonly json?: true;
}

/** Says what a balancer does; something wrong with it is exit code 1. */
export async function verify(url: string, options: ProbeOptions, io: Io): Promise<void> {
  const { take, giveBack, settle, json } = options;
  if ((take === undefined) !== (giveBack === undefined)) throw new Fault("usage", "--take and --give-back go together.");
  const taking = take === undefined || giveBack === undefined ? undefined : createTaking({ take, giveBack, settle }, io);
  const forget = taking && io.beforeEnd?.(taking.end);
  const found = await verifyAffinity(url, {
    nodeHeader: options.nodeHeader,
    sessionHeader: options.sessionHeader,
    clients: options.clients,
    suspects: options.suspects?.split(",") ?? [],
    ...(options.loopback === true ? { addressOf: loopback } : {}),
    ...(taking === undefined ? {} : { lose: taking }),
  })
    .catch((error: unknown) => {
      throw faultOf(error, ["url", "clients"]);
    })
    .finally(forget);
  io.out(json === true ? `${JSON.stringify(found, null, 2)}\n` : words(found));
  if (found.findings.length > 0) throw new Fault("failed", `${found.findings.length} ${found.findings.length === 1 ? "thing is" : "things are"} wrong.`);
}

const loopback = (client: number): string => `127.${20 + (client % 200)}.${(client * 37) % 251}.${1 + ((client * 101) % 251)}`;

function words({ key, requests, spread, cookie, loss, findings, untried }: Verification): string {
  const lines = [
    `key: ${key}`,
    `spread: ${Object.entries(spread).map(([node, count]) => `${node} ${count}`).join(", ")}`,
    ...(cookie === undefined ? [] : [`cookie: ${[cookie.name, ...cookie.attributes].join("; ")}`]),
    ...(loss === undefined ? [] : [`node lost: ${loss.victimsMoved} of its ${loss.victims} clients moved${loss.stranded === 0 ? "" : `, ${loss.stranded} got no answer`}, and ${loss.bystandersMoved} others; on its return ${loss.movedOnReturn}`, `node back: it met ${loss.newOnIt} of ${loss.newcomers} new clients, and ${loss.holders - loss.holdersElsewhere} of ${loss.holders} that were there before and waited`]),
    `requests: ${requests}`,
    ...findings.map(({ code, text }) => `WRONG ${code}: ${text}`),
    ...untried.map((text) => `not tried: ${text}`),
  ];
  return `${lines.join("\n")}\n`;
}
