import type { RequestSession } from "../session/state.ts";
import type { Sessions } from "../sessions.ts";
import { isForHere } from "./audience.ts";
import { parseKey } from "./bound-key.ts";
import type { EmitBinding } from "./events.ts";
import { CHALLENGE_RANDOM, type Grant, type Issuing } from "./issuing.ts";
import { itemOf } from "./items.ts";
import type { BindingSettings } from "./options.ts";
import { type ProofFault, verifyProof } from "./proof.ts";
import type { Stamps } from "./stamps.ts";

export type RefreshResult =
  | ({ readonly outcome: "refreshed" } & Grant)
  /** Answer 403 with this `Secure-Session-Challenge`. Nothing ended: a browser that has the key signs, and whoever has not gets nowhere. */
  | { readonly outcome: "challenge"; readonly challenge: string; readonly why: ProofFault }
  /** The session of this name is over, is another's, or is not bound: answer 404, and the browser lets go. */
  | { readonly outcome: "over" }
  /** No browser asks like this: answer 400. */
  | { readonly outcome: "not_a_browser" }
  /** Nobody can say now: answer 503, and the browser keeps its session. */
  | { readonly outcome: "unavailable" };

interface RefreshParts {
  readonly settings: BindingSettings;
  readonly stamps: Stamps;
  readonly sessions: Pick<Sessions<unknown>, "get">;
  readonly emit: EmitBinding;
  readonly issuing: Issuing;
  readonly path: string;
}

export function createRefresh({ settings, stamps, sessions, emit, issuing, path }: RefreshParts): (session: RequestSession<unknown>, request: Request) => Promise<RefreshResult> {
  const { clock } = settings;
  return async (session, request) => {
    const { headers } = request;
    // Scripts cannot set it.
    const named = itemOf(headers.get("sec-secure-session-id"));
    if (named === undefined) return { outcome: "not_a_browser" };
    const read = await session.load();
    // A copy from before the registration is no proof that there is no key.
    const state = read.kind === "active" && read.key === undefined ? await session.load({ authoritative: true }) : read;
    // A credential on its way out, or of a key that is not here yet: the next attempt knows more. So it may where somebody put a second cookie beside it, and neither counts; for a page of another site a browser sends none along.
    if (state.kind === "none" && (state.refused || headers.get("sec-fetch-site") === "cross-site" || hasTwice(headers.get("cookie")))) return { outcome: "unavailable" };
    if (state.kind !== "active" || state.handle !== named || state.key === undefined) return { outcome: "over" };
    const { id, handle } = state;
    const key = parseKey(state.key);
    if (!key) {
      emit({ type: "device_indeterminate", handle, of: "key" });
      return { outcome: "unavailable" };
    }
    const again = (why: ProofFault): RefreshResult => {
      emit({ type: "device_challenged", handle, why });
      return { outcome: "challenge", why, challenge: issuing.challenge(id, handle) };
    };
    const proof = await verifyProof(itemOf(headers.get("secure-session-response")), { stored: key });
    if (proof.outcome === "unproven") return again(proof.why);
    const { jti, aud } = proof.claims;
    if (stamps.check("refresh", id, jti, clock.now(), CHALLENGE_RANDOM) !== "good") return again("challenge");
    if (!isForHere(aud, settings, request, path)) return again("audience");
    // A sign-out may have come meanwhile: what it ended gets no ticket any more.
    const alive = await sessions.get(id);
    if (alive?.kind !== "active" || alive.key !== state.key) return { outcome: "over" };
    emit({ type: "device_refreshed", handle });
    return { outcome: "refreshed", ...issuing.grant(id, handle, key) };
  };
}

/** Of which name does not matter: a session of which nothing is left is let go a sign-in later. */
function hasTwice(header: string | null): boolean {
  const names = (header ?? "").split(";").map((pair) => pair.split("=")[0]?.trim());
  return new Set(names).size < names.length;
}
