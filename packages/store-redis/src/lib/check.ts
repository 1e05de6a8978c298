import type { Commands } from "./client.ts";
import { refusedWith, wrongOption } from "./errors.ts";

/**
 * Asks a server for what would lose sessions. One that refuses to tell, as some do to users without the right, is believed to be as the options say.
 * @throws HoldfastError `config`
 */
export async function checkServer(commands: Commands, key: string, evicts: boolean): Promise<void> {
  let told: string;
  try {
    told = String(await commands.send(key, ["INFO"]));
  } catch (error) {
    if (refusedWith(error, /^(NOPERM|ERR)/)) return;
    throw error;
  }
  const [, policy = "noeviction"] = /^maxmemory_policy:(\S+)/m.exec(told) ?? [];
  const limited = /^maxmemory:[1-9]/m.test(told);
  if (limited && policy !== "noeviction" && !evicts) {
    throw wrongOption("evicts", `the server may drop sessions to make room (maxmemory-policy ${policy}). Set it to noeviction, or accept that with evicts: true.`);
  }
  if (/^role:slave/m.test(told)) throw wrongOption("client", "is connected to a replica, which lags and cannot be written to. Connect to the master, through Sentinel or as a cluster.");
}
