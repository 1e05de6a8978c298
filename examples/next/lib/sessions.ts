import type { Sessions } from "@holdfast/session-core";
import { createShopSessions } from "@holdfast/examples-shared/sessions";
import type { Shop } from "@holdfast/examples-shared/shop";

const shared = globalThis as typeof globalThis & { shopSessions?: Sessions<Shop> };

/**
 * One for the process. Next bundles route handlers and pages apart, so a constant of this module would exist more than once, each with a
 * memory store of its own; and it imports routes while it builds, where there are no keys, so it waits for the first request.
 */
export const sessions = (): Sessions<Shop> => (shared.shopSessions ??= createShopSessions());
