import { DEADLINES_HEADER, formatDeadlines, type Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import type { Draft, Offer } from "../session/draft.ts";
import type { CookieChange, SessionState } from "../session/state.ts";
import { encodeCredential, isBehind } from "../token/credential.ts";
import { LAST_STEP, nextSecret, stepIsDue } from "../token/ratchet.ts";
import type { Incoming } from "../transport/source.ts";

export interface AnswerContext<Data> {
  /** This request asked for the sign-out. */
  readonly signedOut: boolean;
  readonly engine: Engine<Data>;
  readonly incoming: Incoming;
  readonly now: Millis;
  readonly cacheable: boolean;
  readonly renew: boolean;
}

/** What was so when a slow handler began may be long replaced when its answer arrives: a late answer renews and tidies nothing. */
export const isLate = <Data>({ clock, policy }: Engine<Data>, began: Millis): boolean => clock.now() - began > policy.overlap / 2;

/** The credential for the response: of a new chain, or the next step of this one. Nothing is written for a step. */
export function offerOf<Data>({ engine, incoming, now, cacheable, renew }: AnswerContext<Data>, draft: Draft<Data>): Offer | undefined {
  if (draft.offer) return draft.offer;
  const { live, session } = draft;
  if (!live || !session || cacheable || live.verdict !== "current") return undefined;
  // The other cookie of the jar may be another session's by the time this answer arrives.
  if (live.presented !== incoming.presented[0]) return undefined;
  // Bearer clients store credentials themselves, so they get one only when they ask.
  if (incoming.transport === "bearer" && !renew) return undefined;
  const { chain } = session.record;
  if (isLate(engine, now)) return undefined;
  const asked = renew || live.presented.key.state === "retired";
  if (chain.step >= LAST_STEP || !stepIsDue(chain, now, engine.policy, asked)) return undefined;
  return { chain: chain.chain, step: chain.step + 1, secret: nextSecret(chain.chainKey, live.presented.credential.secret) };
}

export function credentialOf<Data>({ engine, incoming }: AnswerContext<Data>, draft: Draft<Data>, offer: Offer): string | undefined {
  if (!draft.session) return undefined;
  return encodeCredential({ id: draft.session.id, ...offer }, engine.ring, incoming.transport ?? "cookie");
}

/** One change per cookie name. A dead cookie is cleared by a sign-out, a sign-in or on a navigation only: a late response must not undo a sign-in. */
export function cookiesOf<Data>({ engine, incoming, now, cacheable, signedOut }: AnswerContext<Data>, draft: Draft<Data>, offer: Offer | undefined, credential: string | undefined): CookieChange[] {
  if (incoming.transport === "bearer") return [];
  const { cookies } = engine;
  const set = offer && credential !== undefined ? cookies.set(offer.chain, credential, maxAgeOf(engine, draft, offer)) : undefined;
  const stale = incoming.cookieNames.filter((name) => name !== set?.name && mayClear(draft, incoming, cacheable || isLate(engine, now), signedOut, name));
  return [...(set ? [set] : []), ...stale.map((name) => cookies.clear(name))];
}

/** What scripts are told, where it is not what the request said: of a session that began, ended, or was ended by somebody else. */
export function hintOf<Data>({ engine, incoming, now, cacheable, signedOut }: AnswerContext<Data>, state: SessionState<Data>, [first]: readonly CookieChange[]): CookieChange | undefined {
  if (incoming.transport === "bearer" || (!first && (cacheable || isLate(engine, now)))) return undefined;
  if (state.kind !== "none") return engine.cookies.hint?.(state.handle, incoming.cookieHeader, first?.options.maxAge || undefined);
  // An answer that brings one may be on its way to somebody who signs out.
  return state.refused ? undefined : engine.cookies.hint?.("", signedOut ? undefined : incoming.cookieHeader);
}

/** What is left of the absolute limit, for a session that was asked to outlive the browser. Of an elevated chain: what it will have once it is used. */
export function maxAgeOf<Data>({ policy, clock }: Engine<Data>, { session }: Draft<Data>, offer: Pick<Offer, "chain">): number | undefined {
  if (!session?.record.remember || policy.remember === "off") return undefined;
  const { startedAt, pending } = session.record;
  const from = pending?.chain === offer.chain ? (pending.startedAt ?? startedAt) : startedAt;
  return Math.max(0, Math.floor((from + policy.remember.absolute - clock.now()) / 1000));
}

export function mayClear<Data>(draft: Draft<Data>, { presented, navigation }: Incoming, keep: boolean, signedOut: boolean, name: string): boolean {
  if (signedOut || (draft.write === "create" && draft.session?.record.subject !== undefined)) return true;
  if (keep) return false;
  const [latest] = presented;
  // What a living cookie has left behind: sign-ins and elevations under way count on from it, and take other names.
  if (draft.live) return draft.live.presented === latest && name !== latest.cookieName && presented.some(({ cookieName, credential }) => cookieName === name && isBehind(credential.chain, latest.credential.chain));
  // What can be resumed is needed for that.
  return !draft.lapsed && !draft.refusal?.refused && name === latest?.cookieName && navigation();
}

/** Acknowledged deadlines in whole seconds, and `no-store` beside a cookie. */
export function headersOf<Data>(state: SessionState<Data>, now: Millis, cacheable: boolean, cookies: readonly CookieChange[]): [string, string][] {
  const headers: [string, string][] = [];
  if (state.kind !== "none" && !cacheable) {
    headers.push([DEADLINES_HEADER, formatDeadlines({ idle: (state.idleAt - now) / 1000, absolute: (state.absoluteAt - now) / 1000, epoch: state.handle })]);
  }
  if (cookies.length > 0) headers.push(["Cache-Control", "no-store"]);
  return headers;
}
