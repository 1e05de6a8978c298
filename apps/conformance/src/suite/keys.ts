import { createSessions, generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { addKey, promoteKey, removeKey } from "@holdfast/session-core/keys";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createRegister } from "@holdfast/session-core/register";
import { createSignals } from "@holdfast/session-core/signals";
import { sealedSessions } from "@holdfast/session-core/sealed";
import type { Case, Suite } from "./case.ts";
import { codeOf, has, same } from "./expect.ts";
import { clockAt, KEYS, MINUTE, START } from "./world.ts";

const cases: readonly Case[] = [
  {
    name: "keys of the ring change in steps; a server that lacks one answers indeterminate, opaque and sealed",
    async run() {
      const one = generateKeys(START);
      const two = addKey(one, { now: START });
      same(await codeOf(() => promoteKey(two, { now: START + 1000 })), "config");
      const three = promoteKey(two, { now: START + 5 * MINUTE });
      for (const kind of ["opaque", "sealed"]) {
        const clock = clockAt(START + 6 * MINUTE);
        const store = kind === "opaque" ? createMemoryStore({ clock }) : sealedSessions();
        const at = (keys: KeyRingFile) => createSessions({ store, keys, clock });
        const cookieFrom = async (keys: KeyRingFile): Promise<Headers> => {
          const session = await at(keys).open(new Headers());
          session.start("ada");
          const { cookies } = await session.commit();
          return new Headers({ cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") });
        };
        const [old, next] = [await cookieFrom(one), await cookieFrom(three)];
        for (const keys of [two, three]) for (const cookie of [old, next]) has((await at(keys).open(cookie)).state, { kind: "active" }, kind);
        same((await at(one).open(next)).state, { kind: "none", refused: "indeterminate" }, kind);
      }
      const policy = { absolute: 60 * MINUTE, guest: { idle: 60 * MINUTE, absolute: 60 * MINUTE } };
      same(await codeOf(() => removeKey(three, 1, { policy, now: START + 30 * MINUTE })), "config");
      same(removeKey(three, 1, { policy, now: START + 120 * MINUTE }).keys.length, 1);
    },
  },
  {
    name: "a mark can be made once by all callers",
    async run() {
      const register = createRegister({ store: createMemoryStore(), keys: KEYS });
      const firsts = await Promise.all(Array.from({ length: 10 }, () => register.once("https://id.test jti-1", 60_000)));
      same(firsts.filter(Boolean).length, 1);
    },
  },
  {
    name: "signals tell another network and another browser",
    async run() {
      const clock = clockAt();
      const sessions = createSessions({ store: createMemoryStore({ clock }), keys: KEYS, clock, signals: createSignals({ keys: KEYS, ip: "observe", userAgent: "elevate" }) });
      const open = (cookie: string, address: string, agent: string) => sessions.open(new Headers({ ...(cookie ? { cookie } : {}), "user-agent": agent }), { address });
      const session = await open("", "192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
      session.start("ada");
      const [cookie] = (await session.commit()).cookies;
      const pair = `${cookie?.name}=${cookie?.value}`;
      has((await open(pair, "198.51.100.7", "curl/8.5.0")).state, { kind: "active", signals: ["ip", "userAgent"], suspect: true });
    },
  },
];

export const keys: Suite = { name: "keys, marks, signals", cases };
