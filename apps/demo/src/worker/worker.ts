import type { KeyRingFile } from "@holdfast/session-core";
import { createDurableObjectStore, type SessionsNamespace } from "@holdfast/store-workers/durable-object";
import type { ClientFiles } from "../server/client-files.ts";
import { createPortal } from "../server/portal.ts";

export { SessionsObject } from "@holdfast/store-workers/durable-object";

interface Env {
  readonly SESSIONS: SessionsNamespace;
  /** The key file as a secret. */
  readonly SESSION_KEYS: string;
  /** In ms. */
  readonly LIMITS: { readonly idle: number; readonly absolute: number; readonly warn: number };
  /** The built pages, with the platform's own headers. */
  readonly ASSETS: { fetch(request: Request | string): Promise<Response> };
}

type Portal = Awaited<ReturnType<typeof createPortal>>;

let portal: Portal | undefined;

/** The portal in Workers: one for each isolate, sessions in Durable Objects. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    // Outside a request there are no random values and no files. Of requests that come first together each makes one, for none may wait for what another one asked.
    const made = portal ?? (await make(env));
    portal ??= made;
    return portal.fetch(request);
  },
};

async function make({ SESSIONS, SESSION_KEYS, LIMITS, ASSETS }: Env): Promise<Portal> {
  const { idle, absolute, warn } = LIMITS;
  const text = async (path: string): Promise<string> => (await ASSETS.fetch(`https://assets.test${path}`)).text();
  const client: ClientFiles = { page: await text("/"), chart: await text("/size-chart"), files: new Map(), asset: (asked) => ASSETS.fetch(asked) };
  return createPortal({
    store: createDurableObjectStore(SESSIONS),
    storeName: "Durable Objects",
    keys: JSON.parse(SESSION_KEYS) as KeyRingFile,
    policy: { idle, absolute, freshFor: 5 * 60_000 },
    warn,
    client,
  });
}
