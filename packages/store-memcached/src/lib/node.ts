/** A meta command of memcached 1.6, for one key. */
export interface MetaCommand {
  /** Get, set, delete. */
  readonly verb: "mg" | "ms" | "md";
  /** At most 250 visible ASCII characters. */
  readonly key: string;
  /** As the protocol has them, with a space between any two: `v c`. */
  readonly flags: string;
  /** Of `ms` only; sent as UTF-8. */
  readonly value?: string;
}

export interface MetaReply {
  /** `HD` done, `VA` done and here is the value, `EN` a miss of `mg`, `NF` a miss, `NS` not stored, `EX` the compare-and-set token is another one. */
  readonly status: "HD" | "VA" | "EN" | "NF" | "NS" | "EX";
  /** The flags that came back: `c17`. */
  readonly flags: readonly string[];
  readonly value?: string;
}

/**
 * One memcached server, as the store needs it. `connectMemcached` of `@holdfast/store-memcached/connect` makes one.
 *
 * A node that cannot answer must reject. One that answers "not there" instead signs people out, and one that lets another server
 * step in brings ended sessions back when it returns.
 */
export interface MemcachedNode {
  /** Decides which subjects it keeps, so it must be the same on every server of the application. */
  readonly name: string;
  /** Sends the commands in one go and in this order, once; resolves to their replies in the same order. Rejects when one of them is not known. */
  send(commands: readonly MetaCommand[]): Promise<readonly MetaReply[]>;
}
