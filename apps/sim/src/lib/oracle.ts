import type { SessionState } from "@holdfast/session-core";
import type { Shown } from "./jar.ts";
import { type Exchange, OVERLAP, patience, type Plan, SECOND, SKEW } from "./plan.ts";
import type { Data } from "./server.ts";
import type { SimStore } from "./sim-store.ts";
import type { Timeline } from "./timeline.ts";

/** Knows what is so and judges what servers answer. */
export class Oracle {
  readonly violations: string[] = [];
  /** Times the victim was found without a session that had not been ended by anybody who may. */
  signOuts = 0;
  thiefAnswered = 0;
  reuseRaised = 0;
  /** The longest way any request or answer of the victim had so far. */
  longest = 0;
  /** A late answer of a signed-out session took the cookie of a sign-in that could not know of it. */
  collided = false;
  readonly acknowledged: { readonly id: string; readonly item: string }[] = [];
  readonly carried: { readonly from: string; readonly to: string }[] = [];
  /** Sessions whose sign-in answer reached the jar since the last sign-out, and the latest of them. */
  readonly delivered = new Set<string>();
  /** Sessions that a sign-in ended whose own credential never reached the jar: its owner has to sign in again. */
  readonly replacedInVain = new Set<string>();
  /** The jar was told so, and may have been emptied. */
  #toSignInAgain = false;
  #latest: string | undefined;
  readonly #plan: Plan;
  readonly #store: SimStore;
  readonly #timeline: Timeline;
  /** How far the servers' clocks are apart. */
  readonly #apart: number;

  constructor(plan: Plan, store: SimStore, timeline: Timeline) {
    this.#plan = plan;
    this.#store = store;
    this.#timeline = timeline;
    this.#apart = Math.abs(plan.skews[0] - plan.skews[1]);
  }

  /** A response cleared what its request had shown of another session, in favour of a later one: the twin of a double submit. */
  tidied(state: SessionState<Data>, cleared: readonly Shown[]): void {
    if (state.kind !== "none" && this.delivered.has(state.id) && cleared.some(({ id }) => id === this.#latest)) this.#latest = state.id;
  }

  signedIn(id: string): void {
    this.#toSignInAgain = false;
    this.delivered.add(id);
    this.#latest = id;
  }

  wasSignedOut(id: string): boolean {
    return this.#store.truth.current.get(id)?.ended?.reason === "logout";
  }

  /** A server has read and judged the credentials of a request. */
  opened({ by, name }: Pick<Exchange, "by" | "name">, shown: readonly Shown[], state: SessionState<Data>): void {
    if (state.kind !== "none") return this.#answered(by, name, shown, state);
    if (by === "victim" && shown.some(({ id }) => this.replacedInVain.has(id))) this.#toSignInAgain = true;
    if (state.refused === "indeterminate") this.#blame(name, "a key that every server knows is unknown");
    if (state.refused === "superseded") return this.#refused(by, name, shown);
    const alive = shown.filter(({ id }) => this.#livesStill(id));
    const reused = shown.some(({ id }) => this.#store.truth.current.get(id)?.ended?.reason === "reuse");
    if (by === "victim" && (alive.length > 0 || reused)) this.#signedOut(name, reused ? "ended for reuse" : "the session lives and was not found");
  }

  chainOf(state: SessionState<Data>): number | undefined {
    return state.kind === "none" ? undefined : this.#store.truth.current.get(state.id)?.chain;
  }

  /** A request whose credential was accepted found no session when it came to write. */
  turnedAway({ name, operation }: Pick<Exchange, "name" | "operation">, shown: readonly Shown[], before: SessionState<Data>, chainThen: number | undefined): void {
    if (before.kind === "none" || !this.#livesStill(before.id)) return;
    // A guest cannot be elevated, nor can a credential from before an elevation that was used since.
    const chain = this.chainOf(before);
    const outrun = chain !== chainThen || !shown.some((one) => one.id === before.id && one.chain === chain);
    if (operation === "elevate" && (before.kind === "guest" || outrun)) return;
    this.#blame(name, "let in, and then turned away from a session that lives");
  }

  /** Nothing is under way any more, and the jar has made one undisturbed request. */
  settled(shown: readonly Shown[], state: SessionState<Data>): void {
    // Of two sign-ins at once either may win; the other session lives on until it idles out, and nobody has its credential.
    const latest = this.#latest;
    const found = state.kind === "none" ? undefined : state.id;
    const inVain = state.kind === "none" && (this.#toSignInAgain || shown.some(({ id }) => this.replacedInVain.has(id)));
    if (!inVain && latest !== undefined && this.delivered.has(latest) && this.#livesStill(latest) && !(found !== undefined && this.delivered.has(found))) this.#signedOut("at the end", `a session lives and the jar has ${found === undefined ? `none (${JSON.stringify(state)})` : "another"}`);
    for (const session of this.#store.truth.current.sessions.values()) this.#cart(session.id, session.cart);
  }

  #answered(by: Exchange["by"], name: string, shown: readonly Shown[], state: Exclude<SessionState<Data>, { kind: "none" }>): void {
    const session = this.#store.truth.current.get(state.id);
    const { now } = this.#timeline;
    if (!session) return this.#plan.mayLose ? undefined : this.#blame(name, "an answer for a session that is not in the store");
    // A copy says yes for as long as it is old.
    const slack = this.#plan.copyAge + SECOND;
    if (session.ended && now > session.ended.at + slack && !this.#store.lostDurable) this.#blame(name, `a session ended (${session.ended.reason}) lives again`);
    const own = shown.filter(({ id }) => id === state.id);
    const fresh = own.filter(({ chain, step }) => {
      const since = session.supersededAt.get(`${chain}.${step}`);
      return since === undefined || now <= since + OVERLAP + SKEW + this.#apart + slack;
    });
    if (fresh.length === 0) this.#blame(name, "answered a credential that was replaced longer ago than overlap and skew");
    if (state.kind === "active" && state.acr === "high" && !own.some(({ chain }) => session.elevatedChains.has(chain))) this.#blame(name, "elevated rights for a credential from before the elevation");
    if (by === "thief") this.thiefAnswered++;
  }

  /** The same answer for a straggler and for a thief: but a straggler must not get it too early, nor a thief instead of an alarm. */
  #refused(by: Exchange["by"], name: string, shown: readonly Shown[]): void {
    const { now } = this.#timeline;
    for (const { id, chain, step } of shown) {
      const session = this.#store.truth.current.get(id);
      // What the jar showed beside one that a sign-in or an elevation replaced is not looked at.
      if (session && (session.ended ? session.ended.reason === "replaced" : session.chain !== chain)) return;
      if (!session || session.ended || session.step === step) continue;
      const promotedAt = session.promotedAt.get(step + 1);
      const since = session.supersededAt.get(`${chain}.${step}`);
      if (by === "victim" && session.step === step + 1 && promotedAt !== undefined && now + Math.max(...this.#plan.skews) < promotedAt + OVERLAP - SECOND) this.#blame(name, "refused within the overlap");
      if (since !== undefined && now > since + OVERLAP + SKEW + this.#apart + this.#plan.copyAge + SECOND) this.#blame(name, "an old credential raised no alarm");
    }
  }

  #livesStill(id: string): boolean {
    const session = this.#store.truth.current.get(id);
    return session !== undefined && session.ended === undefined;
  }

  #signedOut(name: string, how: string): void {
    this.signOuts++;
    const late = this.longest > patience(this.#plan.skews);
    if (this.#plan.cast !== "nobody" || late || this.collided || this.#store.lostDurable) return;
    this.#blame(name, `signed out: ${how}; the longest way took ${Math.round(this.longest / 1000)} s`);
  }

  #cart(id: string, cart: readonly string[]): void {
    const expected = this.acknowledged.filter((one) => one.id === id).map(({ item }) => item);
    // What a guest had that was ended for another reason is gone with it.
    const movedFrom = this.carried.filter(({ from, to }) => to === id && this.#store.truth.current.get(from)?.ended?.reason === "replaced");
    for (const { from } of movedFrom) expected.push(...this.acknowledged.filter((one) => one.id === from).map(({ item }) => item));
    for (const item of expected) if (!cart.includes(item) && !this.#store.dropped.has(item)) this.#blame("at the end", `the acknowledged update ${item} is lost`);
    if (new Set(cart).size < cart.length) this.#blame("at the end", `an update was applied twice: ${cart.join(" ")}`);
  }

  #blame(name: string, what: string): void {
    this.violations.push(`${name}: ${what}`);
  }
}
