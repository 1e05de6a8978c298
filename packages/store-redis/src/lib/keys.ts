import type { Partition, SessionId } from "@holdfast/session-core/store";
import { wrongOption } from "./errors.ts";

/** Ids and partitions without braces, spaces and what is more than one byte: so that none can mean another key or leave its slot. Core's are base64url. */
const NAME = /^[!-z|~]{12}(?:[!-z|~]{12})?$/;

/** The names of the keys of a session, or of a subject. The partition is the hash tag: everything of one subject lies in one slot. */
export interface Keys {
  /** Of a partition: what all its rows begin with. */
  readonly row: string;
  /** A sorted set of the subject's sessions by the time of their creation. */
  readonly index: string;
  /** From when on sign-ins count. */
  readonly mark: string;
  /** The second half of the id. */
  readonly nonce: string;
}

/** `undefined` for what is no name. */
export type NameKeys = (name: SessionId | Partition) => Keys | undefined;

/** @throws HoldfastError `config` for a prefix that would decide the slot. */
export function namesWith(prefix: string): NameKeys {
  if (typeof prefix !== "string" || !/^[^{}\s]{1,64}$/.test(prefix)) throw wrongOption("prefix", "must be 1 to 64 characters without braces and spaces: braces choose the slot of a key.");
  return (name) => {
    if (!NAME.test(name)) return undefined;
    const tag = `{${name.slice(0, 12)}}`;
    const nonce = name.slice(12);
    return { row: `${prefix}${tag}${nonce}`, index: `${prefix}i${tag}`, mark: `${prefix}m${tag}`, nonce };
  };
}
