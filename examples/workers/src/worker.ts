import { env } from "cloudflare:workers";
import { createSessions, type KeyRingFile } from "@holdfast/session-core";
import { createDurableObjectStore } from "@holdfast/store-workers/durable-object";
import { createHonoShop } from "@holdfast/examples-shared/hono";
import type { Shop } from "@holdfast/examples-shared/shop";

export { SessionsObject } from "@holdfast/store-workers/durable-object";

// Once for each isolate, not for each request.
const sessions = createSessions<Shop>({
  store: createDurableObjectStore(env.SESSIONS),
  keys: JSON.parse(env.SESSION_KEYS) as KeyRingFile,
  initial: { cart: [] },
  policy: { concurrent: { max: 3, whenFull: "reject" } },
});

export default createHonoShop(sessions);
