import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import type { SessionId } from "../port.ts";
import { secret } from "../secret.ts";
import { beginDraft, type Draft, fold, type FoldContext, type Intent } from "../session/draft.ts";
import type { Committed, CommitOptions, ElevateOptions, LoadOptions, NoneState, RequestSession, SessionState, StartOptions } from "../session/state.ts";
import { INDETERMINATE } from "../session/refusal.ts";
import { liveState } from "../session/state-of.ts";
import type { Sight } from "../signals/sight.ts";
import { GUEST_CHAIN, isLaterChain } from "../token/credential.ts";
import type { Transport } from "../token/key-ring.ts";
import type { Incoming } from "../transport/source.ts";
import { cookiesOf, credentialOf, headersOf, hintOf, offerOf } from "./answer.ts";
import type { Loaded } from "./load.ts";
import type { WriteContext } from "./write.ts";

const NOTHING: NoneState = { kind: "none" };

/** A commit that changed nothing. Of a session that was not read it must not say that there is none. */
const nothing = <Data>(session: RequestSession<Data>): Committed<Data> => ({
  get state() {
    return session.state;
  },
  cookies: [],
  headers: [],
});

/**
 * The session of one request. A class on purpose: an object literal with closures took ten times as long to open.
 * It keeps the intents and folds them over what was read; what that means is decided in session/draft.ts, how it is written in write.ts.
 */
export class StoredRequestSession<Data extends object> implements RequestSession<Data> {
  readonly #engine: Engine<Data>;
  readonly #incoming: Incoming;
  readonly #sight: Sight | undefined;
  readonly #now: Millis;
  #intents: Intent<Data>[] = [];
  #reading: Promise<Loaded> | undefined;
  /** The engine itself was asked, and no copy. */
  #sure = false;
  /** What was read. The draft is always these intents folded over it. */
  #found: Loaded | undefined;
  #draft: Draft<Data> | undefined;
  #state: SessionState<Data> | undefined;
  #committing: Promise<Committed<Data>> | undefined;
  #failed = false;
  #background = false;
  #touch = false;
  #renew = false;

  constructor(engine: Engine<Data>, incoming: Incoming, sight?: Sight) {
    this.#engine = engine;
    this.#incoming = incoming;
    this.#sight = sight;
    this.#now = engine.clock.now();
    if (incoming.rejected) engine.emit({ type: "credential_rejected", why: incoming.rejected });
    if (incoming.indeterminate) engine.emit({ type: "credential_indeterminate", keyId: incoming.indeterminate.keyId });
    // Nothing plausible came: the answer is known without asking the store.
    if (!incoming.transport) this.#found = incoming.indeterminate ? INDETERMINATE : NOTHING;
  }

  get transport(): Transport | undefined {
    return this.#incoming.transport;
  }

  get presentedIds(): readonly SessionId[] {
    return this.#incoming.presented.map(({ credential }) => credential.id);
  }

  get state(): SessionState<Data> {
    return (this.#state ??= this.#stateOf(this.#folded()));
  }

  async load({ authoritative }: LoadOptions = {}): Promise<SessionState<Data>> {
    if (authoritative && this.#reading && !this.#sure && !this.#committing) {
      this.#reading = undefined;
      this.#found = await this.#read(true);
      this.#draft = this.#state = undefined;
    }
    this.#found ??= await this.#read(authoritative);
    return this.state;
  }

  #read(authoritative = !this.#engine.store.capabilities.cached): Promise<Loaded> {
    this.#sure ||= authoritative;
    return (this.#reading ??= this.#engine.load(this.#engine, this.#incoming, this.#now, this.#sight, authoritative));
  }

  start(subject: string, data?: Partial<Data>, options: StartOptions<Data> = {}): void {
    this.#add({ type: "start", subject, data, options });
  }

  update(change: (data: Data) => Data): void {
    this.#add({ type: "update", change });
  }

  elevate(options: ElevateOptions): void {
    this.#add({ type: "elevate", options });
  }

  end(): void {
    this.#add({ type: "end" });
  }

  touch(): void {
    this.#open();
    this.#touch = true;
  }

  background(): void {
    this.#background = true;
  }

  renew(): void {
    this.#open();
    this.#renew = true;
  }

  discard(): void {
    if (this.#committing) return;
    this.#touch = this.#renew = false;
    this.#takeBack(({ type }) => type === "end");
  }

  commit(options: CommitOptions = {}): Promise<Committed<Data>> {
    // The application awaited a commit that failed, and answers for itself.
    if (this.#failed) return Promise.resolve(nothing(this));
    return (this.#committing ??= this.#commit(options));
  }

  async #commit({ cacheable = false, noCredential, defer }: CommitOptions): Promise<Committed<Data>> {
    try {
      // A lazy session that nobody looked at costs nothing.
      if (!this.#found && this.#intents.length === 0 && !this.#touch && !this.#renew) return nothing(this);
      if (!this.#found) await this.load();
      const engine = this.#engine;
      const now = this.#now;
      const before = this.#folded();
      if (noCredential && this.transport === "bearer" && before.offer) {
        throw new HoldfastError("unsupported", "A bearer client would lose its new credential: await session.commit() in the handler and answer with its `credential`.");
      }
      const context: WriteContext<Data> = {
        engine,
        incoming: this.#incoming,
        now,
        activity: () => !this.#background && this.#incoming.activity(),
        touch: this.#touch,
        renew: this.#renew,
        signedOut: before.session === undefined && this.#intents.some(({ type }) => type === "end"),
        cacheable,
        defer,
        unsure: !this.#sure && this.#intents.some(({ type }) => type === "update"),
        refold: (live) => this.#fold(live),
        reopen: (found) => beginDraft(this.#context(), found),
      };
      const { draft, times, cookies: sealed } = await engine.write(context, before);
      this.#draft = draft;
      if (times || draft !== before) this.#state = this.#stateOf(draft, times);
      const { state } = this;

      const offer = offerOf(context, draft);
      const credential = offer && credentialOf(context, draft, offer);
      const cookies = sealed ?? cookiesOf(context, draft, offer, credential);
      const hint = engine.cookies.hint && hintOf(context, state, cookies);
      if (hint) cookies.push(hint);
      const headers = headersOf(state, engine.clock.now(), cacheable && cookies.length === 0, cookies);
      return { state, cookies, headers, ...(credential !== undefined && this.transport === "bearer" ? { credential: secret(credential) } : {}) };
    } catch (error) {
      this.#failed = true;
      this.#takeBack(() => false);
      throw error;
    }
  }

  #add(intent: Intent<Data>): void {
    this.#open();
    if (this.#found) this.#draft = fold(this.#context(), this.#folded(), intent);
    this.#intents.push(intent);
    this.#state = undefined;
  }

  #takeBack(stays: (intent: Intent<Data>) => boolean): void {
    this.#intents = this.#intents.filter(stays);
    this.#draft = this.#state = undefined;
  }

  #open(): void {
    if (this.#committing) throw new HoldfastError("already_committed", "The session was committed; later changes would be lost.");
  }

  #folded(): Draft<Data> {
    if (!this.#found) throw new HoldfastError("not_loaded", "The session is lazy: await session.load() first.");
    return (this.#draft ??= this.#fold(this.#found));
  }

  #fold(found: Loaded): Draft<Data> {
    const context = this.#context();
    return this.#intents.reduce((draft, intent) => fold(context, draft, intent), beginDraft(context, found));
  }

  #context(): FoldContext<Data> {
    const { presented, indeterminate } = this.#incoming;
    const chain = presented[0]?.credential.chain ?? GUEST_CHAIN;
    // The one that cannot be read may come to life: what is begun now must win over it.
    return { engine: this.#engine, now: this.#now, sight: this.#sight, latestChain: indeterminate && isLaterChain(indeterminate.chain, chain) ? indeterminate.chain : chain };
  }

  #stateOf(draft: Draft<Data>, times: { createdAt: Millis; seenAt: Millis } = draft.live?.row ?? { createdAt: this.#now, seenAt: this.#now }): SessionState<Data> {
    const { session, refusal } = draft;
    if (session) return liveState(this.#engine, session.id, session.record, session.data, draft.write === "create" ? { createdAt: this.#now, seenAt: this.#now } : times, draft);
    return refusal ?? NOTHING;
  }
}
