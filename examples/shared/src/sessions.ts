import { createSessions, generateKeys, type KeyRingFile, type Sessions, type SessionsOptions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { Shop } from "./shop.ts";

/** What an application makes once, at its start. Sessions are in memory, unless it has a store. */
export function createShopSessions(options: Partial<Pick<SessionsOptions<Shop>, "clock" | "policy" | "store" | "storeTimeout">> = {}): Sessions<Shop> {
  const { SESSION_KEYS, NODE_ENV } = process.env;
  if (SESSION_KEYS === undefined && NODE_ENV === "production") throw new Error("SESSION_KEYS is missing; see examples/README.md.");
  return createSessions<Shop>({
    store: createMemoryStore(options.clock && { clock: options.clock }),
    // Keys made at the start end every session with the process: right for a first try, and nothing else.
    keys: SESSION_KEYS === undefined ? generateKeys() : (JSON.parse(SESSION_KEYS) as KeyRingFile),
    initial: { cart: [] },
    policy: { concurrent: { max: 3, whenFull: "reject" } },
    ...options,
  });
}
