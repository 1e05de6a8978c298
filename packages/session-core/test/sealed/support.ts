import { createSessions, type SessionEvent, type Sessions, type SessionsOptions } from "../../src/index.ts";
import { platformAesGcm } from "../../src/lib/encrypted/aes-gcm.ts";
import { createSeal, type Seal } from "../../src/lib/sealed/seal.ts";
import { createKeyRing } from "../../src/lib/token/key-ring.ts";
import { type SealedOptions, sealedSessions } from "../../src/sealed.ts";
import { type Data, INITIAL, KEYS, type TestClock, testClock } from "../support.ts";

export const NAME = "__Host-sid-a";

export interface SealedWorld {
  readonly sessions: Sessions<Data>;
  readonly clock: TestClock;
  readonly events: SessionEvent[];
}

export function sealedWorld({ sealed, ...options }: Partial<SessionsOptions<Data>> & { clock?: TestClock; sealed?: SealedOptions } = {}): SealedWorld {
  const clock = options.clock ?? testClock();
  const events: SessionEvent[] = [];
  const sessions = createSessions<Data>({ initial: INITIAL, keys: KEYS, ...options, store: sealedSessions(sealed), clock, onEvent: (event) => events.push(event) });
  return { sessions, clock, events };
}

export const sealOf = ({ keys = KEYS, realm = "default", aes = platformAesGcm(), now = testClock().now, longest = 35_100 } = {}): Seal => createSeal(createKeyRing(keys, realm), realm, aes, now, longest);

/** The set of cookies as the browser gets it. */
export const headersOf = (cookies: readonly { readonly name: string; readonly value: string }[]): Headers => new Headers({ cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") });
