import type { Commands } from "./client.ts";

/**
 * A key that is there and gone: whoever tracks it is told, and nothing stays. The first DEL removes nothing and lets the rest pass on a server that is full.
 * The answer names the time of one master: promotions, and nothing else, begin a new one.
 */
const SCRIPT = `redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')`;

/**
 * Writes what only a near cache asks for, where reads are made: whoever is told of it is told of every change that was made there before.
 * @returns which master it is, and since when; another answer means that reads came from elsewhere before.
 */
export async function beat(commands: Commands, key: string, signal?: AbortSignal): Promise<string> {
  const told = await commands.send(key, ["EVAL", SCRIPT, "1", key], signal);
  if (typeof told !== "string") throw new Error("The server does not tell which master it is (INFO replication).");
  return told;
}
