import { type Clock, systemClock } from "@holdfast/session-core/store";
import type { Affinity, Millis } from "../affinity.ts";
import { configError, noOthers, seconds, whole } from "../config-error.ts";
import { cookieAttributes } from "../cookie.ts";
import { createCounts, type Observation } from "./counts.ts";
import type { MonitorExchange } from "./exchange.ts";
import { judge, type NodeWindow, type Verdict } from "./judge.ts";

export type { Observation } from "./counts.ts";

export interface MonitorOptions {
  /** The label of this node. */
  readonly node: string;
  readonly exchange: MonitorExchange;
  /** Milliseconds. Default 60 s. */
  readonly window?: Millis;
  /**
   * `recommend`: says what it would do. `automatic`: falls back to shared mode, in which `setCookie` clears the affinity cookie, and comes back. Safe at any moment, because sessions are in the
   * shared store: it changes how often the near cache answers, and nothing else. Default `recommend`.
   */
  readonly fallback?: "recommend" | "automatic";
  /** So many bad windows in a row are an alarm. Default 3. */
  readonly patience?: number;
  /** So many even windows in a row end it. Default 10. */
  readonly calm?: number;
  /** Sessions that are remembered, for `sessions` and for telling new clients. Default 100,000. */
  readonly maxSessions?: number;
  readonly onVerdict?: (verdict: Verdict) => void;
  readonly clock?: Clock;
}

export interface Monitor {
  /** Counts one request of a session on this node. */
  observe(observation: Observation): void;
  /**
   * Call it a few times per window: tells the others what was counted, and judges the window before the last one. Rejects when the exchange does; nothing is lost then. One at a time: a call while
   * another is under way is that one.
   */
  tick(): Promise<Verdict | undefined>;
  /** The last verdict. */
  readonly verdict: Verdict | undefined;
  /** The last window of this node that is over. */
  readonly counts: NodeWindow | undefined;
  /** True from the last of `patience` bad windows to the last of `calm` even ones. */
  readonly alarm: boolean;
  /** What to do, for people; `undefined` while all is well. */
  readonly recommendation: string | undefined;
  /** `shared` only with `fallback: "automatic"`. */
  readonly mode: "sticky" | "shared";
  /** In shared mode the `Set-Cookie` that clears the affinity cookie. */
  readonly setCookie: string | undefined;
}

/** One window in a thousand of a fair balancer is that uneven; three in a row are one in a thousand million. */
const SIGNIFICANCE = 0.001;

/** @throws HoldfastError `config` */
export function createMonitor(affinity: Affinity, options: MonitorOptions): Monitor {
  noOthers("", options, ["node", "exchange", "window", "fallback", "patience", "calm", "maxSessions", "onVerdict", "clock"]);
  const { node, exchange, fallback = "recommend", clock = systemClock } = options;
  if (!affinity.nodes.some(({ label }) => label === node)) throw configError("node", "must be the label of a node of the description.");
  if (fallback !== "recommend" && fallback !== "automatic") throw configError("fallback", "must be recommend or automatic.");
  const length = seconds("window", options.window ?? 60_000, 1000, 3_600_000);
  const patience = whole("patience", options.patience ?? 3, 1, 100);
  const calm = whole("calm", options.calm ?? 10, 1, 1000);
  const counts = createCounts(affinity, node, length, whole("maxSessions", options.maxSessions ?? 100_000, 100, 10_000_000), clock.now());
  const waiting: NodeWindow[] = [];
  let own: NodeWindow | undefined;
  let verdict: Verdict | undefined;
  let judged = Math.floor(clock.now() / length) - 1;
  let bad = 0;
  let good = 0;
  let alarm: Verdict["state"] | undefined;

  const learn = (next: Verdict): void => {
    verdict = next;
    // Nothing known is no evidence, one way or the other.
    if (next.state === "unknown") return;
    bad = next.state === "even" ? 0 : bad + 1;
    good = next.state === "even" ? good + 1 : 0;
    if (bad >= patience) alarm = next.state;
    if (good >= calm) alarm = undefined;
  };
  const tick = async (): Promise<Verdict | undefined> => {
    const now = clock.now();
    waiting.push(...counts.over(now));
    own = waiting.at(-1) ?? own;
    // An exchange that is down for long: older windows are of no use to anybody.
    waiting.splice(0, waiting.length - 16);
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      await exchange.publish(next);
      waiting.shift();
    }
    // The others have had a whole window's time to tell.
    const due = Math.floor(now / length) - 2;
    if (due <= judged) return undefined;
    const next = judge(affinity, due, await exchange.read(due), SIGNIFICANCE);
    judged = due;
    learn(next);
    options.onVerdict?.(next);
    return next;
  };
  let ticking: Promise<Verdict | undefined> | undefined;
  const isShared = (): boolean => fallback === "automatic" && alarm !== undefined;

  return {
    observe: (observation) => counts.add(clock.now(), observation),
    tick: () =>
      (ticking ??= tick().finally(() => {
        ticking = undefined;
      })),
    get verdict() {
      return verdict;
    },
    get counts() {
      return own;
    },
    get alarm() {
      return alarm !== undefined;
    },
    get recommendation() {
      return alarm === undefined ? undefined : advice(affinity, alarm);
    },
    get mode() {
      return isShared() ? "shared" : "sticky";
    },
    get setCookie() {
      const { cookie, key } = affinity;
      return isShared() && key.kind === "cookie" ? `${cookie.name}=; Max-Age=0; ${cookieAttributes(cookie)}` : undefined;
    },
  };
}

const advice = ({ key }: Affinity, state: Verdict["state"]): string =>
  state === "misrouted"
    ? "More than 5% of the requests come to another node than their cookie names: look whether all balancers have the same nodes and labels, or give up stickiness for now (shared mode)."
    : key.kind === "cookie"
      ? "New clients are not spread by the weights: look at the weights and the health checks of the balancer, or give up stickiness for now (shared mode)."
      : "New clients are not spread by the weights: a hash of addresses or headers does that where many share one. Go by a cookie.";
