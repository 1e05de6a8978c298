import { type Commands, commandsOf, type RedisClient } from "./client.ts";
import { refusedWith, wrongOption } from "./errors.ts";

/** A durable write of which too few replicas said in time that they have it. It took effect, but may be lost with the master. */
export interface UnmetReplicas {
  readonly verb: string;
  readonly acknowledged: number;
}

export interface RedisReplicas {
  /** A client of its own for durable writes (`client.duplicate()`), because WAIT holds up what comes after it on its connection. */
  readonly client: RedisClient;
  /** How many replicas must have a write of a sign-in, sign-out, revocation or elevation before it is acknowledged. Default 1. */
  readonly acknowledge?: number;
  /**
   * How long a write waits for them, in milliseconds. Default 200; keep it well under `storeTimeout`, and over twice what their answer usually takes. Once
   * they did not answer in time, up to nineteen writes wait a tenth of it, or twice what the last answer took, until one of them is acknowledged.
   */
  readonly timeoutMs?: number;
  /** Called for every write that too few replicas had in time. Log it and the write counts, or throw and the call rejects with that. */
  readonly onUnmet: (write: UnmetReplicas) => void;
}

/** Durable writes line up on their connection: were all patient with a replica that is gone, few would get through in the core's time. */
const BRIEF_WAITS = 19;

export interface DurableWrites {
  /** Of the client for such writes. */
  readonly commands: Commands;
  /** Sends a write so that replicas have it before it is acknowledged. */
  write(verb: string, key: string, args: string[], signal?: AbortSignal): Promise<unknown>;
}

/** @throws HoldfastError `config` */
export function durableWrites({ client, acknowledge = 1, timeoutMs = 200, onUnmet }: RedisReplicas): DurableWrites {
  for (const [name, value] of Object.entries({ acknowledge, timeoutMs })) {
    // WAIT for no time at all waits for ever.
    if (!Number.isSafeInteger(value) || value < 1) throw wrongOption(`replicas.${name}`, "must be a whole number of at least 1.");
  }
  if (typeof onUnmet !== "function") throw wrongOption("replicas.onUnmet", "must be a function: say what happens when the replicas did not answer.");
  const commands = commandsOf(client, "replicas.client");
  let brief = 0;
  let underWay = 0;
  /** How long it took the replicas to answer when nobody stood in line, in ms: who asks them for less asks in vain, however well they are. */
  let usual = 0;
  const write: DurableWrites["write"] = async (verb, key, args, signal) => {
    const patient = brief === 0;
    if (!patient) brief--;
    const wait = patient ? timeoutMs : Math.ceil(Math.max(timeoutMs / 10, 2 * usual));
    // How long a connection took to come back says nothing of the replicas.
    const alone = ++underWay === 1 && !commands.away?.();
    const sent = performance.now();
    const [reply, count] = await withWait(commands, key, args, ["WAIT", String(acknowledge), String(wait)], signal).finally(() => underWay--);
    const acknowledged = Number(count);
    if (acknowledged >= acknowledge) {
      brief = 0;
      const took = performance.now() - sent;
      // Nor does what takes that long.
      if (alone && 2 * took < timeoutMs) usual = took;
    } else {
      if (patient) brief = BRIEF_WAITS;
      onUnmet({ verb, acknowledged });
    }
    return reply;
  };
  return { commands, write };
}

async function withWait(commands: Commands, key: string, args: string[], wait: string[], signal: AbortSignal | undefined): Promise<readonly [unknown, unknown]> {
  try {
    return await commands.together(key, args, wait, signal);
  } catch (error) {
    // The slot has moved, so nothing was written, and a WAIT elsewhere says nothing about this write. Alone it finds its way; then nobody knows who has it.
    if (!refusedWith(error, /^(MOVED|ASK) /)) throw error;
    return [await commands.send(key, args, signal), 0];
  }
}
