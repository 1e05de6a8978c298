import { describe, expect, it } from "vitest";
import { encryptStore } from "../src/encrypted.ts";
import { createMemoryStore } from "../src/memory.ts";
import { cacheStore } from "../src/near-cache.ts";
import { resilientStore } from "../src/resilient.ts";
import type { Clock, SessionStore, SubjectEnder } from "../src/store.ts";
import { Jar, KEYS, manualClock, request, signedIn, world } from "./support.ts";

/** Ends all sessions of a subject, as memcached does, and knows of none of them. */
function unlisted(clock: Clock): SessionStore & SubjectEnder {
  const { list: _list, sweep: _sweep, ...rest } = createMemoryStore({ clock });
  return {
    ...rest,
    capabilities: { ...rest.capabilities, index: false, inProcess: false },
    endAll: async (...call) => ({ ...(await rest.endAll(...call)), ended: [] }),
  };
}

const clock = manualClock();
const wrappers: Readonly<Record<string, (store: SessionStore & SubjectEnder) => SessionStore & SubjectEnder>> = {
  itself: (store) => store,
  resilientStore: (store) => resilientStore(store),
  cacheStore: (store) => cacheStore(store, { maxStaleness: 60_000 }),
  encryptStore: (store) => encryptStore(store, { keys: KEYS }),
};

describe.each(Object.entries(wrappers))("[D05] a store that ends all sessions of a subject and lists none, in %s", (_name, wrap) => {
  const open = (): ReturnType<typeof world> => world({ store: wrap(unlisted(clock)), clock });

  it("revokeAll ends them all, or all but one, refuses sign-ins under way, and says so without a number", async () => {
    const { sessions, events } = open();
    expect([sessions.listable, sessions.endsAll]).toEqual([false, true]);
    const began = clock.now();
    const [first, second, other] = [await signedIn(sessions, "ada"), await signedIn(sessions, "ada"), await signedIn(sessions, "bob")];
    const states = async () => Promise.all([first, second, other].map(async (jar) => (await sessions.open(jar.headers())).state));
    const [, kept] = await states();
    const { notBefore, ended } = await sessions.revokeAll("ada", kept?.kind === "active" ? { except: kept.id } : expect.unreachable());
    expect([notBefore, ended]).toEqual([clock.now(), 0]);
    expect(await states()).toMatchObject([{ kind: "none", ended: "revoked" }, { kind: "active" }, { kind: "active" }]);
    await sessions.revokeAll("ada");
    expect(await states()).toMatchObject([{ kind: "none" }, { kind: "none", ended: "revoked" }, { kind: "active" }]);
    expect(events.filter(({ type }) => type === "session_revoked")).toEqual([1, 2].map(() => ({ type: "session_revoked", at: clock.now(), reason: "revoked", count: 0, handles: [] })));
    await expect(sessions.issue("ada", {}, { authenticatedAt: began })).rejects.toMatchObject({ code: "sign_in_revoked" });
    await expect(sessions.list("ada")).rejects.toMatchObject({ code: "unsupported" });
  });

  it("a sign-in with revokeOthers ends the others", async () => {
    const { sessions } = open();
    const [elsewhere, other, here] = [await signedIn(sessions, "ada"), await signedIn(sessions, "bob"), new Jar()];
    await request(sessions, here, (session) => session.start("ada", {}, { revokeOthers: true }));
    const kinds = [elsewhere, other, here].map(async (jar) => (await sessions.open(jar.headers())).state.kind);
    expect(await Promise.all(kinds)).toEqual(["none", "active", "active"]);
  });

  it("whoever is watched in this process is told at once, and nobody else", async () => {
    const { sessions } = open();
    const ids = await Promise.all(["ada", "ada", "bob"].map(async (subject) => (await sessions.issue(subject)).state.id));
    const [first, kept, other] = ids.map((id) => sessions.watch(id));
    await sessions.revokeAll("ada", { except: ids[1] ?? expect.unreachable() });
    expect([first, kept, other].map((signal) => signal?.aborted)).toEqual([true, false, false]);
    expect(first?.reason).toMatchObject({ code: "no_session", reason: "revoked" });
  });
});
