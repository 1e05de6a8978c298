import type { Commands } from "./client.ts";
import { refusedWith, wrongOption } from "./errors.ts";

/** What the masters say of themselves. One that refuses to tell, as some do to users without the right, is believed to be as the options say. */
export async function askServers(commands: Commands): Promise<readonly string[]> {
  try {
    return (await commands.sendToAll(["INFO"])).map(String);
  } catch (error) {
    if (refusedWith(error, /^(NOPERM|ERR)/)) return [];
    throw error;
  }
}

/** @throws HoldfastError `config` */
export function mustBeMaster(told: string): void {
  if (/^role:slave/m.test(told)) throw wrongOption("client", "is connected to a replica, which lags and cannot be written to. Connect to the master, through Sentinel or as a cluster.");
}

/** @throws HoldfastError `config` */
export function mustKeepSessions(told: string): void {
  const [, policy = "noeviction"] = /^maxmemory_policy:(\S+)/m.exec(told) ?? [];
  if (policy === "noeviction" || !/^maxmemory:[1-9]/m.test(told)) return;
  throw wrongOption("evicts", `the server may drop sessions to make room (maxmemory-policy ${policy}). Set it to noeviction, or accept that with evicts: true.`);
}
