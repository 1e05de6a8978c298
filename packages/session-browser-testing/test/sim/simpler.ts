import { type Act, type Plan, SECOND } from "./plan.ts";

export const SIMPLER: readonly ((act: Act) => Act | undefined)[] = [
  (act) => (act.ms > 0 ? { ...act, ms: 0 } : undefined),
  (act) => (act.ms % SECOND > 0 ? { ...act, ms: Math.ceil(act.ms / SECOND) * SECOND } : undefined),
  (act) => (act.at % SECOND > 0 ? { ...act, at: Math.round(act.at / SECOND) * SECOND } : undefined),
  (act) => (act.tab > 0 ? { ...act, tab: 0 } : undefined),
];

export const PLAINER: readonly Partial<Plan>[] = [
  { tabs: 2 },
  { tabs: 3 },
  { fails: 0 },
  { csrf: false },
  { hint: false },
  { ask: false },
  { idles: false },
  { locks: true },
  { monotonicInSleep: false },
  { messagesEvict: true },
  { remembers: 1e12 },
  { hop: [1, 1] },
  { latency: [50, 50] },
];
