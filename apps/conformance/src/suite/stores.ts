import { createSessions, type SessionEvent } from "@holdfast/session-core";
import { encryptStore } from "@holdfast/session-core/encrypted";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { cacheStore } from "@holdfast/session-core/near-cache";
import { createOtelListener } from "@holdfast/session-core/otel";
import { resilientStore } from "@holdfast/session-core/resilient";
import { isIndex, isSweeper } from "@holdfast/session-core/store-kit";
import type { Case, Suite } from "./case.ts";
import { codeOf, has, same } from "./expect.ts";
import { clockAt, KEYS, SECOND } from "./world.ts";

/** An engine that counts its reads and can be down, with everything in front of it. */
function stack() {
  const clock = clockAt();
  const engine = { reads: 0, down: false };
  const memory = createMemoryStore({ clock });
  const counted = new Proxy(memory, {
    get(target, property) {
      // As if there were a network in between: a cache in front of this process's own memory is refused.
      if (property === "capabilities") return { ...target.capabilities, inProcess: false };
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        if (property === "read") engine.reads++;
        if (engine.down) throw new Error("down");
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const store = cacheStore(resilientStore(encryptStore(counted, { keys: KEYS })), { maxStaleness: 2 * SECOND, clock });
  return { clock, engine, store, sessions: createSessions({ store, keys: KEYS, clock }) };
}

const cases: readonly Case[] = [
  {
    name: "encrypted, resilient and cached at once: reads are hits, a revocation here is at once, and the powers of the engine are those of the stack",
    async run() {
      const { engine, store, sessions } = stack();
      const { state, credential } = await sessions.issue("ada");
      const open = async () => (await sessions.open(credential.reveal())).state;
      has(await open(), { kind: "active" });
      const { reads } = engine;
      for (let i = 0; i < 5; i++) has(await open(), { kind: "active" });
      same(engine.reads - reads, 0, "reads of the engine");
      await sessions.revoke(state.id);
      same(await open(), { kind: "none", ended: "revoked" });
      same([isIndex(store), isSweeper(store), sessions.listable, await sessions.sweep()], [true, true, true, 0]);
    },
  },
  {
    name: "while the engine is down a copy serves for as long as it may, and then nobody is signed out",
    async run() {
      const { clock, engine, sessions } = stack();
      const { credential } = await sessions.issue("ada");
      const open = async () => (await sessions.open(credential.reveal())).state;
      await open();
      engine.down = true;
      has(await open(), { kind: "active" });
      clock.advance(10 * SECOND);
      same(await codeOf(open), "unavailable");
      engine.down = false;
      has(await open(), { kind: "active" });
    },
  },
  {
    name: "events go to a log as OpenTelemetry has them",
    async run() {
      const records: unknown[] = [];
      const listen: (event: SessionEvent) => void = createOtelListener({ emit: (record) => void records.push(record) });
      const clock = clockAt();
      const sessions = createSessions({ store: createMemoryStore({ clock }), keys: KEYS, clock, onEvent: listen });
      const { credential } = await sessions.issue("ada");
      const text = JSON.stringify(records);
      same([records.length > 0, text.includes("session"), text.includes(credential.reveal().slice(0, 24))], [true, true, false]);
    },
  },
];

export const stores: Suite = { name: "in front of a store", cases };
