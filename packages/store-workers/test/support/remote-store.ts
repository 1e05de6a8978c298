import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import type { IndexedStore, StoreOptions } from "@holdfast/session-core/store";
import { VERBS } from "../../../session-core/src/lib/store-deadline.ts";

export interface Call {
  readonly store: string;
  readonly verb: keyof typeof VERBS;
  readonly args: readonly unknown[];
  /** Whether the signal of the call had fired. */
  readonly fired: boolean;
}
export type Reply = { readonly value?: unknown } | { readonly fault: "fired" | { readonly name: string; readonly message: string } };

/** Of both stores. */
export const CAPABILITIES = { index: true, clock: "engine", durability: "replicated", evicts: false } as const;

/** A connection for each: workerd closes one that nobody used for five seconds, which may be just when it is used again. */
async function ask(url: string, body: unknown): Promise<Reply> {
  const sent = request(url, { method: "POST", agent: false }).end(JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return (await json(response)) as Reply;
}

/** A store in workerd, called from Node. @param address of the server, and after a `#` the store: `object`, or `d1:` and the table. */
export function remoteStore(address: string): IndexedStore {
  const [url = "", store = ""] = address.split("#");
  const verbs = Object.entries(VERBS).map(([name, at]) => [
    name,
    async (...args: unknown[]) => {
      const { signal, ...options } = (args[at] ?? {}) as StoreOptions;
      const call: Call = { store, verb: name as Call["verb"], args: [...args.slice(0, at), ...Array(Math.max(0, at - args.length)).fill(null), options], fired: signal?.aborted ?? false };
      const reply = await ask(url, call);
      if (!("fault" in reply)) return reply.value;
      if (reply.fault === "fired") throw signal?.reason;
      throw Object.assign(new Error(reply.fault.message), { name: reply.fault.name });
    },
  ]);
  const { sweep, ...others } = Object.fromEntries(verbs) as unknown as Omit<IndexedStore, "capabilities">;
  const made = { capabilities: CAPABILITIES, ...others };
  // The objects have no sweeper; for the types of the tests every store has.
  return (store.startsWith("d1") ? { ...made, sweep } : made) as IndexedStore;
}

/** One of the worker's own tools. */
export async function tool(address: string, name: string, argument: string): Promise<unknown> {
  const reply = await ask(address.split("#")[0] ?? "", { tool: name, argument });
  if ("fault" in reply) throw new Error(JSON.stringify(reply.fault));
  return reply.value;
}
