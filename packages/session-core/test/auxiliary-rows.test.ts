import { describe, expect, it } from "vitest";
import { encryptStore } from "../src/encrypted.ts";
import { createSessions, generateKeys, type KeyRingFile, type Sessions } from "../src/index.ts";
import { addKey, nextKeyStep, promoteKey, removeKey } from "../src/keys.ts";
import { createMemoryStore } from "../src/memory.ts";
import { sealedSessions } from "../src/sealed.ts";
import { type Data, INITIAL, Jar, MINUTE, request, signedIn, testClock } from "./support.ts";

const policy = undefined;
const within = 5000;

/** Servers with one key file each, on one encrypted store, and the three files of a rotation at its earliest times. */
function rotation(kind: "rows" | "sealed") {
  const clock = testClock();
  const inner = createMemoryStore({ clock });
  const first = generateKeys(clock.now());
  const server = (keys: KeyRingFile): Sessions<Data> => {
    const store = encryptStore(inner, { keys });
    return createSessions<Data>({ store: kind === "rows" ? store : sealedSessions({ revocations: { store, within } }), keys, clock, initial: INITIAL });
  };
  const next = (file: KeyRingFile): KeyRingFile => {
    const { step, id = 0, from } = nextKeyStep(file, { policy });
    clock.set(Math.max(from, clock.now()));
    return step === "add" ? addKey(file, { now: clock.now() }) : step === "promote" ? promoteKey(file, { now: clock.now() }) : removeKey(file, id, { policy, now: clock.now() });
  };
  return { clock, first, server, next };
}

const works = async (sessions: Sessions<Data>): Promise<void> => {
  const jar = await signedIn(sessions);
  expect((await request(sessions, jar)).state.kind).toBe("active");
};

describe.each(["rows", "sealed"] as const)("a rotation at its earliest times on an encrypted store: %s", (kind) => {
  it("[G01] leaves no epoch behind that only the old key opens, though a server got the new file as late as it may", async () => {
    const { clock, first, server, next } = rotation(kind);
    const added = next(first);
    const promoted = next(added);
    const late = server(added);
    clock.advance(5 * MINUTE);
    await late.revokeEverything();
    clock.advance(1);
    await works(server(promoted));
    clock.advance(-1);
    await works(server(next(promoted)));
  });

  it("[G01] and no word about one session or one subject", async () => {
    const { clock, first, server, next } = rotation(kind);
    const added = next(first);
    const before = server(added);
    const jar = await signedIn(before);
    const promoted = next(added);
    const late = server(added);
    // What a mark is kept for beyond the longest life is within and the skew.
    clock.advance(5 * MINUTE - within);
    await late.revokeAll("ada");
    await request(late, jar.copy(), (s) => s.end());
    const removed = server(next(promoted));
    await works(removed);
    expect((await request(removed, new Jar())).state.kind).toBe("none");
  });
});
