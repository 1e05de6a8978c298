import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import type { SessionId } from "../port.ts";
import { beginDraft, type Draft, fold, type FoldContext, type Intent } from "../session/draft.ts";
import type { Committed, CommitOptions, ElevateOptions, RequestSession, SessionState, StartOptions } from "../session/state.ts";
import { liveState } from "../session/state-of.ts";
import type { Sight } from "../signals/sight.ts";
import { GUEST_CHAIN } from "../token/credential.ts";
import type { Transport } from "../token/key-ring.ts";
import type { Incoming } from "../transport/source.ts";
import { type AnswerContext, cookiesOf, credentialOf, headersOf, offerOf } from "./answer.ts";
import { type Live, type Loaded, load } from "./load.ts";
import { write } from "./write.ts";

const NOTHING: Loaded = { kind: "none" };

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
  /** What was read: what a discard goes back to. */
  #found: Loaded | undefined;
  #draft: Draft<Data> | undefined;
  #state: SessionState<Data> | undefined;
  #loading: Promise<SessionState<Data>> | undefined;
  #committing: Promise<Committed<Data>> | undefined;
  #background = false;
  #touch = false;
  #renew = false;

  constructor(engine: Engine<Data>, incoming: Incoming, sight?: Sight) {
    this.#engine = engine;
    this.#incoming = incoming;
    this.#sight = sight;
    this.#now = engine.clock.now();
    if (incoming.rejected) engine.emit({ type: "credential_rejected", why: incoming.rejected });
    if (incoming.indeterminate !== undefined) engine.emit({ type: "credential_indeterminate", keyId: incoming.indeterminate });
    // Nothing plausible came: the answer is known without asking the store.
    if (incoming.presented.length === 0) this.#draft = this.#begin((this.#found = NOTHING));
  }

  get transport(): Transport | undefined {
    return this.#incoming.transport;
  }

  get presentedIds(): readonly SessionId[] {
    return this.#incoming.presented.map(({ credential }) => credential.id);
  }

  get state(): SessionState<Data> {
    return (this.#state ??= this.#stateOf(this.#loaded()));
  }

  load(): Promise<SessionState<Data>> {
    // What was read is kept; what this request made of it since is what guards must see.
    return this.#draft ? Promise.resolve(this.state) : (this.#loading ??= this.#load());
  }

  start(subject: string, data?: Partial<Data>, options: StartOptions<Data> = {}): void {
    if (typeof subject !== "string" || subject === "") throw new HoldfastError("invalid_data", "start() needs the subject, a non-empty string.");
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
    const ends = this.#intents.some(({ type }) => type === "end");
    this.#intents = [];
    this.#touch = this.#renew = false;
    if (this.#found) this.#draft = this.#begin(this.#found);
    this.#state = undefined;
    if (ends) this.end();
  }

  commit(options: CommitOptions = {}): Promise<Committed<Data>> {
    return (this.#committing ??= this.#commit(options));
  }

  async #load(): Promise<SessionState<Data>> {
    if (!this.#draft) {
      let draft = this.#begin((this.#found = await load(this.#engine, this.#incoming.presented, this.#now, this.#sight)));
      for (const intent of this.#intents) draft = fold(this.#context(), draft, intent);
      this.#draft = draft;
    }
    return this.state;
  }

  async #commit({ cacheable = false, noCredential, defer }: CommitOptions): Promise<Committed<Data>> {
    const asked = this.#intents.length > 0 || this.#touch || this.#renew;
    // A lazy session that nobody looked at costs nothing.
    if (!this.#draft && !asked) return { state: { kind: "none" }, cookies: [], headers: [] };
    await this.load();
    if (this.#intents.length > 0 && this.#incoming.indeterminate !== undefined) {
      throw new HoldfastError("unavailable", "The credential is of a key that this server does not have; it may be on its way. Nothing was written.");
    }
    if (noCredential && this.transport === "bearer" && this.#loaded().offer) {
      throw new HoldfastError("unsupported", "The new credential of a bearer client would be lost: await session.commit() in the handler and answer with its `credential`.");
    }
    const engine = this.#engine;
    const now = this.#now;
    const reopen = (live: Live): Draft<Data> => this.#begin(live);
    const refold = (live: Live): Draft<Data> => this.#intents.reduce((draft, intent) => fold(this.#context(), draft, intent), reopen(live));
    const { draft, times } = await write({ engine, now, activity: () => !this.#background && this.#incoming.activity(), touch: this.#touch, defer, refold, reopen }, this.#loaded());
    this.#draft = draft;
    if (times) this.#state = this.#stateOf(draft, times);
    const { state } = this;

    const signedOut = draft.session === undefined && this.#intents.some(({ type }) => type === "end");
    const context: AnswerContext<Data> = { engine, incoming: this.#incoming, now, cacheable, renew: this.#renew, signedOut };
    const offer = offerOf(context, draft);
    const credential = offer && credentialOf(context, draft, offer);
    const cookies = cookiesOf(context, draft, offer, credential);
    const headers = headersOf(state, now, cacheable && cookies.length === 0, cookies);
    return { state, cookies, headers, ...(credential !== undefined && this.transport === "bearer" ? { credential } : {}) };
  }

  #add(intent: Intent<Data>): void {
    this.#open();
    if (this.#draft) this.#draft = fold(this.#context(), this.#draft, intent);
    this.#intents.push(intent);
    this.#state = undefined;
  }

  #open(): void {
    if (this.#committing) throw new HoldfastError("already_committed", "The session was committed with the response; later changes would be lost.");
  }

  #loaded(): Draft<Data> {
    if (!this.#draft) throw new HoldfastError("not_loaded", "The session is lazy: await session.load() first.");
    return this.#draft;
  }

  #begin(loaded: Loaded): Draft<Data> {
    return beginDraft(this.#context(), loaded);
  }

  #context(): FoldContext<Data> {
    return { engine: this.#engine, now: this.#now, sight: this.#sight, latestChain: this.#incoming.presented[0]?.credential.chain ?? GUEST_CHAIN };
  }

  #stateOf(draft: Draft<Data>, times: { createdAt: Millis; seenAt: Millis } = draft.live?.row ?? { createdAt: this.#now, seenAt: this.#now }): SessionState<Data> {
    const { session, refusal } = draft;
    if (session) return liveState(this.#engine, session.id, session.record, session.data, draft.write === "create" ? { createdAt: this.#now, seenAt: this.#now } : times, draft);
    if (this.#incoming.indeterminate !== undefined) return { kind: "none", refused: "indeterminate" };
    return refusal ?? { kind: "none" };
  }
}
