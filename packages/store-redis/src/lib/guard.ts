import { askServers, mustBeMaster, mustKeepSessions } from "./check.ts";
import type { Commands } from "./client.ts";

/** How long a server may take to tell, in ms, where nobody asked for it: an answer that never comes must not keep all waiting who come later. */
const PATIENCE = 2000;

/** What is known of the servers that one client leads to. */
export interface Guard {
  /** Insists on an answer of every master. */
  check(): Promise<void>;
  /** Before sign-ins: at least one master has told, and none of those that did is wrong. Nothing to wait for once that is known. */
  admits(): Promise<unknown> | undefined;
  /** Before all else: a replica reads late, so nothing is asked of one. */
  isMaster(): Promise<unknown> | undefined;
  /** A write was refused as by a replica. */
  doubt(): void;
}

export function guarded(commands: Commands, option: string, evicts: boolean): Guard {
  /** Which masters told the last time, and were right. */
  let known: "none" | "some" | "all" = "none";
  let doubted = false;
  let asking: Promise<unknown> | undefined;
  const ask = async (patience?: number): Promise<readonly unknown[]> => {
    try {
      const { told, missing } = await askServers(commands, patience);
      for (const each of told) mustBeMaster(each, option);
      doubted = false;
      if (!evicts) for (const each of told) mustKeepSessions(each);
      known = missing.length > 0 ? "some" : "all";
      return missing;
    } catch (error) {
      known = "none";
      throw error;
    }
  };
  const once = (): Promise<unknown> => (asking ??= ask(PATIENCE).finally(() => (asking = undefined)));
  return {
    async check() {
      for (const error of await ask()) throw error;
    },
    admits() {
      if (known === "all") return undefined;
      const asked = once();
      if (known === "none") return asked;
      // Who is missing may take long to say nothing, and what it says counts for those who come later.
      asked.catch(() => undefined);
      return undefined;
    },
    isMaster() {
      if (!doubted) return undefined;
      return once().catch((error: unknown) => {
        if (doubted) throw error;
      });
    },
    doubt() {
      doubted = true;
      known = "none";
    },
  };
}
