import { createMemoryStore, createSessions, generateKeys, type KeyRingFile, type Sessions } from "@holdfast/session-core";
import type { Shop } from "@holdfast/examples-shared/shop";

const shared = globalThis as typeof globalThis & { shopSessions?: Sessions<Shop> };

/**
 * One for the process. Next bundles route handlers and pages apart, so a constant of this module would exist more than once, each with a
 * memory store of its own; and it imports routes while it builds, where there are no keys, so it waits for the first request.
 */
export const sessions = (): Sessions<Shop> => (shared.shopSessions ??= create());

function create(): Sessions<Shop> {
  const { SESSION_KEYS, NODE_ENV } = process.env;
  if (SESSION_KEYS === undefined && NODE_ENV === "production") throw new Error("SESSION_KEYS is missing; see README.md.");
  return createSessions<Shop>({
    store: createMemoryStore(),
    // Keys made at the start end every session with the process: right for a first try, and nothing else.
    keys: SESSION_KEYS === undefined ? generateKeys() : (JSON.parse(SESSION_KEYS) as KeyRingFile),
    initial: { cart: [] },
    policy: { concurrent: { max: 3, whenFull: "reject" } },
  });
}
