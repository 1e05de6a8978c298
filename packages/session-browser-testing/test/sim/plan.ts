import type { Millis } from "@holdfast/session-protocol";
import { Random } from "../../../../apps/sim/src/lib/random.ts";
import type { WorldOptions } from "../../src/lib/tabs/world.ts";
import type { ModelOptions } from "./model.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** What happens in one tab; which one is a number that counts among those that are there at the time. */
export interface Act {
  readonly at: Millis;
  readonly kind: Kind;
  readonly tab: number;
  /** How long it lasts, for what ends by itself. */
  readonly ms: Millis;
  /** A choice that the kind explains. */
  readonly choice: number;
}

export type Kind = "input" | "open" | "close" | "crash" | "reload" | "hide" | "show" | "freeze" | "cache" | "sleep" | "offline" | "down" | "trouble" | "logout" | "revoke" | "form-logout" | "sign-in" | "step-up" | "fetch" | "extend" | "refresh" | "clock" | "hold" | "save" | "silent-logout";

export interface Plan extends Omit<WorldOptions, "origin" | "start">, ModelOptions {
  readonly tabs: number;
  /** Activity does not end the warning; somebody has to say so. */
  readonly ask: boolean;
  /** Whether it waits at the end until everybody is out. Changed clocks make that take longer, and most schedules need not. */
  readonly idles: boolean;
  /** For so long the server is down when the first pages load; 0 for not. */
  readonly fails: Millis;
  readonly acts: readonly Act[];
}

const CALM = { input: 40, open: 4, close: 3, crash: 3, reload: 2, hide: 7, show: 9, freeze: 3, cache: 5, sleep: 4, logout: 2, revoke: 1, "form-logout": 0.5, "sign-in": 3, "step-up": 2, fetch: 8, extend: 3, refresh: 3 } as const;
const ROUGH = { ...CALM, offline: 4, down: 3, trouble: 12 } as const;

/** Everything chance decides in a schedule, but for what the world draws: so that a shrunk schedule keeps the rest as it was. */
export function plan(seed: number): Plan {
  const random = new Random(seed);
  const idle = (random.chance(0.7) ? random.whole(40, 90) : random.whole(2, 20) * 60) * SECOND;
  const absolute = random.chance(0.3) ? idle * random.between(1.2, 4) : idle * 50;
  const rough = random.chance(0.5);
  const skewed = random.chance(0.08);
  const slow = random.chance(0.15);
  const acts: Act[] = [];
  const act = (at: Millis, kind: Kind, ms: Millis = 0): void => void acts.push({ at, kind, tab: random.whole(0, 999), ms, choice: random.next() });

  let time = 2 * SECOND;
  for (let count = random.whole(4, 14); count > 0; count--) {
    time += gap(random, idle);
    const kind = rough ? random.pick(ROUGH) : random.pick(CALM);
    // Changed clocks and sleep together leave no clock that is right.
    if (kind === "sleep" && skewed) act(time, "clock", random.chance(0.3) ? 0 : random.between(-1, 1) * 2 * idle);
    else if (kind === "input") {
      for (let more = random.whole(1, 6), at = time; more > 0; more--, at += random.upTo(idle / 8)) act(at, kind);
    } else act(time, kind, lasting(random, idle));
    // What follows at once finds the rest under way.
    while (random.chance(0.25)) act((time += random.upTo(400)), random.pick(CALM), lasting(random, idle));
  }
  const drawn = {
    seed,
    tabs: random.whole(2, 6),
    locks: random.chance(0.6),
    idle,
    absolute: Math.ceil(absolute / SECOND) * SECOND,
    remembers: random.chance(0.5) ? 1e12 : random.between(0, 2 * idle),
    csrf: random.chance(0.3),
    hint: random.chance(0.3),
    ask: random.chance(0.2),
    monotonicInSleep: random.chance(0.3),
    messagesEvict: random.chance(0.6),
    latency: slow ? ([100, 5 * SECOND] as const) : ([5, random.between(10, 400)] as const),
    idles: !skewed && random.chance(0.25),
    hop: [0, random.chance(0.2) ? 300 : 15] as const,
  };
  // By a chance of its own: what was drawn before stays as it was.
  const more = new Random(seed + 1e9);
  const fails = more.chance(0.1) ? more.between(3, 12) * SECOND : 0;
  const add = (kind: Kind, from: Millis, to: Millis, ms: Millis = 0): void => void acts.push({ at: more.between(from, to), kind, tab: more.whole(0, 999), ms, choice: more.next() });
  if (fails > 0 && more.chance(0.5)) add("logout", 1.5 * SECOND, fails);
  if (more.chance(0.15)) add("hold", 2 * SECOND, time, more.between(0.5, 20) * idle);
  if (more.chance(0.05)) add("silent-logout", 2 * SECOND, time);
  if (drawn.csrf && more.chance(0.2)) {
    // A session that another page began, and a request that only its token allows.
    const at = more.between(2 * SECOND, time);
    acts.push({ at, kind: "sign-in", tab: 0, ms: 0, choice: 0 });
    add(more.chance(0.5) ? "extend" : "save", at + SECOND, at + 20 * SECOND);
  }
  return { ...drawn, fails, acts: acts.filter(({ kind }) => !(skewed && kind === "sleep")).sort((a, b) => a.at - b.at) };
}

function gap(random: Random, idle: Millis): Millis {
  const kind = random.next();
  if (kind < 0.45) return random.upTo(3 * SECOND);
  if (kind < 0.85) return random.upTo(idle / 4);
  // About the time at which something ends.
  return idle + random.between(-25, 3) * SECOND;
}

function lasting(random: Random, idle: Millis): Millis {
  const kind = random.next();
  if (kind < 0.4) return random.upTo(12 * SECOND);
  if (kind < 0.8) return random.upTo(idle);
  return kind < 0.95 ? random.between(1, 3) * idle : 8 * 60 * MINUTE;
}
