import { type Committed, createSessions, generateKeys, HoldfastError, type PolicyOptions, type RequestSession, type Sessions } from "@holdfast/session-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Lacking, type OpenEngine, type SharedEngine, type SharedStore, type TestTime, testTime } from "./engine.ts";
import { UNHURRIED } from "./unhurried.ts";

// Whole sign-ins through the core, as applications make them, on several servers that share one store.

interface Data {
  readonly cart: readonly string[];
}
type Server = Sessions<Data>;
type Request = RequestSession<Data>;
interface Answer {
  readonly code: string;
  readonly cookies: Committed<Data>["cookies"];
}

let keys: ReturnType<typeof generateKeys>;
let engine: SharedEngine;
let time: TestTime;
let closing: (() => Promise<void>)[];
/** Comes before and after each call of a store that a server makes. */
let between: (verb: string) => Promise<void>;

const interrupted = (store: SharedStore): SharedStore =>
  new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        await between(String(property));
        const result: unknown = await Reflect.apply(value, target, args);
        await between(String(property));
        return result;
      };
    },
  });

async function servers(policy: PolicyOptions = {}): Promise<[Server, Server, Server]> {
  const make = async (): Promise<Server> => {
    const { store, close } = await engine.connect(time.clock);
    closing.push(close);
    return createSessions<Data>({ store: interrupted(store), storeTimeout: UNHURRIED, keys, clock: time.clock, policy, initial: { cart: [] } });
  };
  return [await make(), await make(), await make()];
}

/** A server that nobody interrupts, to act and to look from. */
const aside = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = between;
  between = async () => undefined;
  try {
    return await work();
  } finally {
    between = before;
  }
};

const jarOf = ({ cookies }: Pick<Answer, "cookies">): Headers => {
  const set = cookies.filter(({ value }) => value !== "").map(({ name, value }) => `${name}=${value}`);
  return new Headers(set.length > 0 ? { cookie: set.join("; ") } : {});
};

async function send(server: Server, act: (session: Request) => void, from: Pick<Answer, "cookies"> = { cookies: [] }): Promise<Answer> {
  try {
    const session = await server.open(jarOf(from));
    act(session);
    const { cookies } = await session.commit();
    return { code: "done", cookies };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { code: error.code, cookies: [] };
  }
}

const kindOf = async (server: Server, answer: Answer): Promise<string> => (await server.open(jarOf(answer))).state.kind;

/** Turns of the event loop, a number that differs from call to call and is the same in every run. */
function turns(): () => Promise<void> {
  let seed = 1;
  return async () => {
    seed = (seed * 48_271) % 2_147_483_647;
    for (let i = seed % 7; i > 0; i--) await new Promise<void>((resolve) => void setImmediate(resolve));
  };
}

/** Sign-ins on three servers that share one engine. */
export function describeSignIns(name: string, open: OpenEngine, clockOf: "caller" | "engine", lacking: Lacking = []): void {
  describe(`sign-ins on ${name}`, () => {
    beforeEach(async () => {
      keys = generateKeys();
      engine = await open();
      time = testTime(clockOf);
      closing = [];
      between = async () => undefined;
    });
    afterEach(async () => {
      for (const close of closing) await close();
      await engine.remove();
    });

    describe.skipIf(lacking.includes("limits")).each(["reject", "evict-oldest"] as const)("with %s", (whenFull) => {
      it("[D08] 100 parallel sign-ins on three servers, from new browsers, guests with a cart and browsers signed in as somebody else, leave exactly three sessions", async () => {
        const policy = { concurrent: { max: 3, whenFull } };
        const all = await servers(policy);
        const at = (i: number): Server => all[i % 3] ?? all[0];
        const before = await Promise.all(
          Array.from({ length: 100 }, (_, i): Answer | Promise<Answer> => {
            if (i % 4 === 1) return send(at(i), (s) => s.update(() => ({ cart: [`of ${i}`] })));
            if (i % 4 === 2) return send(at(i), (s) => s.start(`bob-${i}`));
            return { code: "done", cookies: [] };
          }),
        );
        between = turns();
        const answers = await Promise.all(before.map((from, i) => send(at(i + 1), (s) => s.start("ada", {}, { carry: ["cart"] }), from)));
        between = async () => undefined;
        const codes = answers.map(({ code }) => code);
        expect(codes.filter((code) => code === "limit_reached")).toHaveLength(whenFull === "reject" ? 97 : 0);
        expect(codes.filter((code) => code === "done")).toHaveLength(whenFull === "reject" ? 3 : 100);
        const rows = await all[0].list("ada");
        expect(rows).toHaveLength(3);
        const living: string[] = [];
        for (const [i, answer] of answers.entries()) {
          const { state } = await at(i).open(jarOf(answer));
          if (state.kind !== "active") continue;
          living.push(state.id);
          expect(state.data.cart).toEqual(i % 4 === 1 ? [`of ${i}`] : []);
        }
        expect(living.sort()).toEqual(rows.map(({ id }) => id).sort());
        // Who was refused is what they were before: no session more, none less.
        for (const [i, { code }] of answers.entries()) {
          const old = before[i] ?? expect.unreachable();
          if (old.cookies.length === 0) continue;
          expect(await kindOf(at(i), old)).toBe(code === "done" ? "none" : i % 4 === 1 ? "guest" : "active");
        }
        // A place that comes free is one place.
        await all[1].revoke(rows[0]?.id ?? expect.unreachable());
        const again = await Promise.all([0, 1, 2].map((i) => send(at(i), (s) => s.start("ada"))));
        expect(again.filter(({ code }) => code === "done")).toHaveLength(whenFull === "reject" ? 1 : 3);
        expect(await all[2].list("ada")).toHaveLength(3);
      });
    });

    it("[D05] revokeAll on one server is complete against 100 sign-ins under way on two others: whose password was accepted before it is in nowhere", async () => {
      const [a, b, c] = await servers();
      const guests = await Promise.all([a, b].map((server) => send(server, (s) => s.update(() => ({ cart: ["rope"] })))));
      between = turns();
      let done = 0;
      let revoked: Promise<{ notBefore: number }> | undefined;
      let over = (): void => undefined;
      const revocation = new Promise<void>((resolve) => (over = resolve));
      const signIn = async (i: number): Promise<{ readonly began: number; readonly answer: Answer }> => {
        // The password now, a second factor later: before the revocation, beside it, or when its moment has passed.
        const began = time.clock.now();
        if (i % 10 === 9) await revocation;
        for (let wait = (i * 7) % 40; wait > 0; wait--) await new Promise<void>((resolve) => void setImmediate(resolve));
        const from = i % 5 === 0 ? guests[i % 2] : undefined;
        const answer = await send(i % 2 ? a : b, (s) => s.start("ada", {}, { authenticatedAt: began - (i % 3), carry: ["cart"] }), from);
        if (++done === 30) revoked = c.revokeAll("ada").finally(over);
        return { began, answer };
      };
      const signIns = await Promise.all(Array.from({ length: 100 }, (_, i) => signIn(i)));
      const { notBefore } = (await revoked) ?? expect.unreachable();
      between = async () => undefined;
      for (const { began, answer } of signIns) {
        expect(began).toBeLessThanOrEqual(notBefore);
        // `conflict`: of several sign-ins from one guest, one was ended while it took over what another had added.
        expect(["done", "sign_in_revoked", "no_session", "conflict"]).toContain(answer.code);
        for (const server of [a, b, c]) expect(await kindOf(server, answer)).toBe("none");
      }
      const codes = signIns.map(({ answer }) => answer.code);
      expect([codes.includes("done"), codes.includes("sign_in_revoked")]).toEqual([true, true]);
      expect(await a.list("ada")).toEqual([]);
      // Who proves it again is in.
      await time.tick();
      const again = await send(a, (s) => s.start("ada"));
      expect(await kindOf(b, again)).toBe("active");
    });

    const guest = (server: Server): Promise<Answer> => send(server, (s) => s.update(() => ({ cart: ["rope"] })));
    const ways: Record<string, { readonly from?: (server: Server) => Promise<Answer>; readonly policy?: PolicyOptions; readonly act: (session: Request, began: number) => void }> = {
      "of a visitor": { act: (s) => s.start("ada") },
      "in two steps": { act: (s, began) => s.start("ada", {}, { authenticatedAt: began }) },
      "of a guest with a cart": { from: guest, act: (s, began) => s.start("ada", {}, { authenticatedAt: began, carry: ["cart"] }) },
      "in place of a session of hers": { from: (server) => send(server, (s) => s.start("ada")), act: (s, began) => s.start("ada", {}, { authenticatedAt: began }) },
      "in place of somebody else's": { from: (server) => send(server, (s) => s.start("bob")), act: (s, began) => s.start("ada", {}, { authenticatedAt: began }) },
      "under a limit": { policy: { concurrent: { max: 2, whenFull: "evict-oldest" } }, act: (s, began) => s.start("ada", {}, { authenticatedAt: began }) },
      "that ends the others": { act: (s, began) => s.start("ada", {}, { authenticatedAt: began, revokeOthers: true }) },
      "with an elevation at once": { act: (s, began) => (s.start("ada", {}, { authenticatedAt: began }), s.elevate({ acr: "high", reauthenticated: true })) },
    };
    const possible = Object.entries(ways).filter(([way]) => way !== "under a limit" || !lacking.includes("limits"));
    it.each(possible)("[D05] revokeAll between any two steps of a sign-in %s leaves nothing alive", async (_way, { from, policy, act }) => {
      const [server, other] = await servers(policy);
      let reached = 0;
      for (let stop = 0; stop <= reached; stop++) {
        await time.tick();
        const before = await from?.(server);
        await time.tick();
        const began = time.clock.now();
        await time.tick();
        reached = 0;
        between = async () => {
          if (reached++ === stop) await aside(() => other.revokeAll("ada"));
        };
        const answer = await send(server, (s) => act(s, began), before);
        between = async () => undefined;
        const revokedInTime = stop < reached;
        const expected = revokedInTime ? "none" : "active";
        for (const sessions of [server, other]) expect([stop, await kindOf(sessions, answer)]).toEqual([stop, expected]);
        expect(await other.list("ada")).toHaveLength(revokedInTime ? 0 : 1);
        if (before && answer.code === "done") expect(await kindOf(other, before)).toBe("none");
        await other.revokeAll("ada");
      }
      expect(reached).toBeGreaterThanOrEqual(2);
    });
  });
}
