import type { Millis } from "@holdfast/session-protocol";
import { writeAuxiliary } from "../auxiliary.ts";
import type { Engine } from "../engine.ts";
import { partitionOf } from "../partition-of.ts";
import type { Partition, SessionId, SessionStore } from "../port.ts";
import type { TombstoneReason } from "../record.ts";
import { longestLife } from "../session/longest-life.ts";
import { callStore } from "../store-call.ts";
import { SKEW } from "../token/ratchet.ts";
import type { SealedSession } from "./payload.ts";

/** What is said about a session: seals from before its rights were lowered are over, or all. Of a subject: what began up to a moment is over. */
interface Mark {
  readonly at: Millis;
  readonly reason: TombstoneReason;
  /** Of a subject: this one stays, if it began after the mark before. */
  readonly except?: SessionId | undefined;
  readonly before?: Millis | undefined;
}

/** Which seals are over before their time, in a store that every server asks, and what this process heard of it lately. */
export interface Revocations {
  /** Why a session is over. A promise only where the store has to be asked, which is once in `within` per session. @throws HoldfastError `unavailable` */
  reasonOf(session: SealedSession, authoritative: boolean): TombstoneReason | undefined | Promise<TombstoneReason | undefined>;
  /** Why a session is over, by what this process heard, however long ago. Asks nobody. */
  heardOf(session: SealedSession): TombstoneReason | undefined;
  /** Up to when sign-ins of the subject are refused, asked now. */
  notBefore(partition: Partition): Promise<Millis>;
  /** @param loweredAt seals that know of no lowering as late as this one are over; all unless given */
  end(id: SessionId, reason: TombstoneReason, loweredAt?: Millis): Promise<void>;
  /** @param seen what `notBefore` said: where somebody else has ended all since, that mark stands and nothing is done. Gives the mark that stands. */
  endAll(partition: Partition, except: SessionId | undefined, seen?: Millis): Promise<Mark>;
}

const EVER = Number.MAX_SAFE_INTEGER;
/** Answers kept, twice: of the two generations the older goes when the younger is full. */
const KEPT = 10_000;
const NONE: Mark = { at: Number.NEGATIVE_INFINITY, reason: "revoked" };

export function createRevocations<Data>({ ring, clock, emit, policy }: Pick<Engine<Data>, "ring" | "clock" | "emit" | "policy">, store: SessionStore, within: Millis): Revocations {
  let young = new Map<string, { readonly mark: Mark; readonly at: Millis }>();
  let old = young;
  /** As long as any session may live that was authenticated anew before a server heard of it. What is written until `within` before a roll-out must be over goes before `removeKey` may take the key of the row. */
  const kept = longestLife(policy) + within + SKEW;

  const rowId = (name: string): SessionId => ring.rowId(`sealed\0${name}`);
  const heard = (name: string): { readonly mark: Mark; readonly at: Millis } | undefined => young.get(name) ?? old.get(name);
  const hear = (name: string, mark: Mark, at: Millis): Mark => {
    // Marks only grow: an answer that was asked for before one's own write is older than that.
    const known = heard(name)?.mark ?? NONE;
    const later = mark.at >= known.at ? mark : known;
    if (young.size >= KEPT) {
      old = young;
      young = new Map();
    }
    young.set(name, { mark: later, at });
    return later;
  };
  const ask = async (name: string): Promise<Mark> => {
    const at = clock.now();
    const row = await callStore({ emit }, "read", () => store.read(rowId(name), { authoritative: true }));
    return hear(name, readMark(row?.body), at);
  };
  const markOf = (name: string, authoritative: boolean): Mark | Promise<Mark> => {
    const known = heard(name);
    const age = known ? clock.now() - known.at : -1;
    return known && !authoritative && age >= 0 && age < within ? known.mark : ask(name);
  };
  const write = async (name: string, change: (before: Mark) => Mark): Promise<Mark> => {
    const at = clock.now();
    const { mark } = await callStore({ emit }, "update", () =>
      writeAuxiliary(store, clock, rowId(name), (body) => {
        const mark = change(readMark(body));
        return { mark, body: JSON.stringify(mark), expiresAt: clock.now() + kept };
      }),
    );
    return hear(name, mark, at);
  };
  const judge = ({ id, createdAt, loweredAt, notBefore = NONE.at }: SealedSession, mine: Mark, all: Mark): TombstoneReason | undefined => {
    // No clock is asked: a server that had not heard of the lowering seals the old rights later than that.
    if ((loweredAt ?? NONE.at) < mine.at) return mine.reason;
    const before = all.before ?? NONE.at;
    const spared = id === all.except && (createdAt > before || notBefore >= before);
    // Servers may disagree by that much; a sign-in that was let in after the mark is known by it.
    return createdAt <= all.at + SKEW && notBefore < all.at && !spared ? all.reason : undefined;
  };

  return {
    reasonOf(session, authoritative) {
      const mine = markOf(session.id, authoritative);
      const all = session.record.subject === undefined ? NONE : markOf(partitionOf(session.id), authoritative);
      if (mine instanceof Promise || all instanceof Promise) return Promise.all([mine, all]).then((both) => judge(session, ...both));
      return judge(session, mine, all);
    },
    heardOf: (session) => judge(session, heard(session.id)?.mark ?? NONE, NONE),
    notBefore: async (partition) => (await ask(partition)).at,
    async end(id, reason, loweredAt = EVER) {
      await write(id, (before) => (before.at >= loweredAt ? before : { at: loweredAt, reason }));
    },
    endAll: (partition, except, seen = EVER) =>
      write(partition, (before) =>
        before.at > seen ? before : { at: Math.max(before.at + 1, clock.now()), reason: "revoked", except, before: except !== undefined && except === before.except ? before.before : before.at },
      ),
  };
}

/** What is no mark reads as none, like every row that cannot be read. JSON has no word for "never", which is null there. */
function readMark(body: string | undefined): Mark {
  try {
    const { at, reason, except, before } = JSON.parse(body ?? "{}") as Partial<Mark>;
    return typeof at === "number" && reason !== undefined ? { at, reason, except, before: before ?? undefined } : NONE;
  } catch {
    return NONE;
  }
}
