import { createEmit } from "../emitter.ts";
import type { RequestSession, SessionState } from "../session/state.ts";
import type { Sessions } from "../sessions.ts";
import { withDeadline } from "../store-deadline.ts";
import { createKeyRing } from "../token/key-ring.ts";
import { type Access, createAccess } from "./access.ts";
import { createIssuing } from "./issuing.ts";
import { checkOptions, type DeviceBindingOptions } from "./options.ts";
import { createRefresh, type RefreshResult } from "./refresh.ts";
import { createRegistration, type RegistrationResult } from "./registration.ts";
import { createStamps } from "./stamps.ts";
import { createTicketCookie } from "./ticket-cookie.ts";

/** Binds sessions to the key of a device (Device Bound Session Credentials). Adapters call it; `@holdfast/session-hono/bound` does. */
export interface DeviceBinding<Data> {
  readonly bind: "off" | "prefer" | "require";
  /** Paths of the two routes, both for POST, and of the session's view. */
  readonly paths: { readonly register: string; readonly refresh: string; readonly view: string };
  /** Whether requests to this path need no ticket. */
  excludes(path: string): boolean;
  /** Whether a request in this session may go on. No I/O: the state has been read. With `tell: false` a refusal is no event: on a path that needs no ticket, where it only says how to commit. */
  check(state: SessionState<Data>, headers: Headers, options?: { readonly tell?: boolean }): Access;
  /**
   * The value of `Secure-Session-Registration` for the answer to a sign-in, with a challenge of its own; `undefined` where nothing can be bound: over http, and with `off`.
   * @param url of the request
   */
  invitation(state: SessionState<Data>, url: string): string | undefined;
  /** @throws HoldfastError `unavailable`: answer 503 */
  register(session: RequestSession<Data>, request: Request): Promise<RegistrationResult>;
  /** @throws HoldfastError `unavailable`: answer 503 */
  refresh(session: RequestSession<Data>, request: Request): Promise<RefreshResult>;
  /** `Set-Cookie` that takes the ticket of a session away. */
  clear(handle: string): string;
}

/**
 * Sessions whose cookie alone is not enough: beside it a browser shows a ticket, a second cookie of a few minutes, which it gets only by proving that it holds a private key. A copied
 * jar is worth nothing once that ticket is over. Nothing is written when tickets are made, and none is looked up: whether the session lives is decided by the read that each request makes anyway.
 *
 * @throws HoldfastError `config` naming the option and the fix
 */
export function createDeviceBinding<Data>(sessions: Pick<Sessions<Data>, "cookie" | "get">, options: DeviceBindingOptions): DeviceBinding<Data> {
  const settings = checkOptions(sessions, options);
  const { bind, base, path, exclude, realm, name, clock } = settings;
  const emit = createEmit(settings.onEvent, clock);
  const stamps = createStamps(createKeyRing(settings.keys, realm), realm);
  const cookie = createTicketCookie(name, sessions.cookie);
  const paths = { register: `${path}/register`, refresh: `${path}/refresh`, view: base };
  const store = withDeadline(settings.store, settings.storeTimeout);
  const issuing = createIssuing({ settings, stamps, cookie, paths });
  const registration = createRegistration({ settings, stamps, store, emit, issuing, path: paths.register, secure: sessions.cookie.secure });
  return {
    bind,
    paths,
    excludes: (asked) => exclude.some((one) => asked === one || asked.startsWith(`${one}/`)),
    check: createAccess({ settings, stamps, cookie, emit }),
    invitation: registration.invitation,
    register: registration.register,
    refresh: createRefresh({ settings, stamps, sessions, emit, issuing, path: paths.refresh }),
    clear: (handle) => cookie.clear(handle),
  };
}
