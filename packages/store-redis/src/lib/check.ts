import type { Commands } from "./client.ts";
import { refusedWith, wrongOption } from "./errors.ts";

export interface Told {
  /** What the masters say of themselves. One that refuses to tell, as some do to users without the right, is believed to be as the options say. */
  readonly told: readonly string[];
  /** Why the others did not answer. */
  readonly missing: readonly unknown[];
}

/** Rejects when none answers. @param patience how long each may take, in ms */
export async function askServers(commands: Commands, patience?: number): Promise<Told> {
  const told: string[] = [];
  const missing: unknown[] = [];
  for (const answer of await Promise.allSettled((await within(patience, commands.sendToAll(["INFO"]))).map((answer) => within(patience, answer)))) {
    if (answer.status === "fulfilled") told.push(String(answer.value));
    else if (refusedWith(answer.reason, /^(NOPERM|ERR)/)) told.push("");
    else missing.push(answer.reason);
  }
  if (missing.length > 0 && told.length === 0) throw missing[0];
  return { told, missing };
}

function within<T>(patience: number | undefined, answer: Promise<T>): Promise<T> {
  if (patience === undefined) return answer;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The server did not answer INFO in time.")), patience);
    (timer as { unref?: () => void }).unref?.();
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @throws HoldfastError `config` */
export function mustBeMaster(told: string, option: string): void {
  if (/^role:slave/m.test(told)) throw wrongOption(option, "is connected to a replica, which lags and cannot be written to. Connect to the master, through Sentinel or as a cluster.");
}

/** @throws HoldfastError `config` */
export function mustKeepSessions(told: string): void {
  const [, policy = "noeviction"] = /^maxmemory_policy:(\S+)/m.exec(told) ?? [];
  if (policy === "noeviction" || !/^maxmemory:[1-9]/m.test(told)) return;
  throw wrongOption("evicts", `the server may drop sessions to make room (maxmemory-policy ${policy}). Set it to noeviction, or accept that with evicts: true.`);
}
