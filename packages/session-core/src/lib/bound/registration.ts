import type { Millis } from "@holdfast/session-protocol";
import type { SessionId, SessionStore } from "../port.ts";
import type { RequestSession, SessionState } from "../session/state.ts";
import { isForHere, originOf } from "./audience.ts";
import { bindRow } from "./bind-row.ts";
import { formatKey } from "./bound-key.ts";
import type { EmitBinding, RegistrationFault } from "./events.ts";
import { CHALLENGE_RANDOM, type Grant, type Issuing } from "./issuing.ts";
import { itemOf, quote } from "./items.ts";
import type { BindingSettings } from "./options.ts";
import { verifyProof } from "./proof.ts";
import type { Stamps } from "./stamps.ts";

export type RegistrationResult =
  | ({ readonly outcome: "bound" } & Grant)
  /** Answer 4xx: the browser then has no bound session, and the session goes on as it was. */
  | { readonly outcome: "refused"; readonly why: RegistrationFault };

interface RegistrationParts {
  readonly settings: BindingSettings;
  readonly stamps: Stamps;
  readonly store: SessionStore;
  readonly emit: EmitBinding;
  readonly issuing: Issuing;
  readonly path: string;
  /** Whether the cookies are. */
  readonly secure: boolean;
}

export interface Registration {
  invitation(state: SessionState<unknown>, url: string): string | undefined;
  register(session: RequestSession<unknown>, request: Request): Promise<RegistrationResult>;
}

/** A browser answers at once; a hardware key may take a second, and a train longer. */
const CHALLENGE_LIFE: Millis = 60_000;

export function createRegistration({ settings, stamps, store, emit, issuing, path, secure }: RegistrationParts): Registration {
  const { bind, algorithms, registerWithin, clock } = settings;

  async function check(session: RequestSession<unknown>, request: Request): Promise<RegistrationResult & { handle?: string }> {
    const refused = (why: RegistrationFault, handle?: string): RegistrationResult & { handle?: string } => ({ outcome: "refused", why, ...(handle === undefined ? {} : { handle }) });
    if (bind === "off") return refused("off");
    if (session.transport !== "cookie" || !isFromBrowser(request.headers)) return refused("not_a_browser");
    const state = await session.load({ authoritative: true });
    if (state.kind !== "active") return refused("no_session");
    const { id, handle, createdAt, key: known } = state;
    if (known !== undefined) return refused("bound_already", handle);
    const now = clock.now();
    if (now - createdAt > registerWithin) return refused("late", handle);
    const proof = await verifyProof(itemOf(request.headers.get("secure-session-response")), { register: algorithms });
    if (proof.outcome === "unproven") return refused(proof.why, handle);
    const { jti, authorization, aud } = proof.claims;
    if (stamps.check("register", id, jti, now, CHALLENGE_RANDOM) !== "good") return refused("challenge", handle);
    if (stamps.check("authorization", aboutAuthorization(id, jti as string), authorization, now) !== "good") return refused("authorization", handle);
    if (!isForHere(aud, settings, request, path)) return refused("audience", handle);
    // The challenge is used up by this: a session is bound once.
    const outcome = await bindRow({ store, clock, emit }, id, formatKey(proof.key, now));
    if (outcome !== "bound") return refused(outcome === "taken" ? "bound_already" : "no_session", handle);
    emit({ type: "device_bound", handle, alg: proof.key.alg });
    return { outcome: "bound", ...issuing.grant(id, handle, proof.key) };
  }

  return {
    invitation(state, url) {
      if (bind === "off" || state.kind !== "active" || state.key !== undefined || !secure || !originOf(settings, url).startsWith("https:")) return undefined;
      const { id } = state;
      const until = clock.now() + Math.min(CHALLENGE_LIFE, registerWithin);
      const challenge = stamps.make("register", id, until, CHALLENGE_RANDOM);
      const authorization = stamps.make("authorization", aboutAuthorization(id, challenge), until);
      return `(${algorithms.join(" ")});path=${quote(path)};challenge=${quote(challenge)};authorization=${quote(authorization)}`;
    },
    async register(session, request) {
      const { handle, ...result } = await check(session, request);
      if (result.outcome === "refused") emit({ type: "device_registration_refused", handle, why: result.why });
      return result;
    },
  };
}

const aboutAuthorization = (id: SessionId, challenge: string): string => `${id}\0${challenge}`;

/** What no script can send: in this mode its `Secure-Session-Response` is taken away. */
const isFromBrowser = (headers: Headers): boolean =>
  headers.get("sec-fetch-mode") === "no-cors" && headers.get("sec-fetch-dest") === "empty" && /^same-(?:origin|site)$/.test(headers.get("sec-fetch-site") ?? "");
