import type { Affinity, Millis } from "../affinity.ts";
import type { NodeWindow } from "./judge.ts";

export interface Observation {
  /** Names the session within this process: its handle or id. It leaves the process in no form. */
  readonly session: string;
  /**
   * What the affinity cookie of the request says: a label, `null` where there is no cookie, `undefined` where the balancer keeps it to itself (HAProxy's `indirect`).
   * Then a session that was not here for `duration.idle` counts as new.
   */
  readonly label?: string | null | undefined;
}

/** The counts of one node, window by window. */
export interface Counts {
  add(now: Millis, observation: Observation): void;
  /** Windows that are over, oldest first; each is given out once. */
  over(now: Millis): readonly NodeWindow[];
}

interface Open {
  readonly window: number;
  readonly sessions: Set<string>;
  requests: number;
  assigned: number;
  misrouted: number;
}

export function createCounts({ nodes, duration }: Affinity, node: string, length: Millis, maxSessions: number, began: Millis): Counts {
  const takes = new Set(nodes.filter(({ draining }) => !draining).map(({ label }) => label));
  /** When sessions were here last, the one that was here longest ago first. */
  const known = new Map<string, Millis>();
  const closed: NodeWindow[] = [];
  let isHidden = false;
  const open = (window: number): Open => ({ window, sessions: new Set(), requests: 0, assigned: 0, misrouted: 0 });
  let current = open(Math.floor(began / length));

  const close = (now: Millis): void => {
    const window = Math.floor(now / length);
    while (current.window < window) {
      const { sessions, window: over, ...counts } = current;
      closed.push({ node, window: over, ...counts, sessions: sessions.size, warming: over * length < began + (isHidden ? duration.idle : 0) });
      // A clock that jumped: nobody asks for windows that long ago.
      current = open(Math.max(over + 1, window - 16));
    }
  };

  const isNew = (now: Millis, { session, label }: Observation): boolean => {
    const last = known.get(session);
    known.delete(session);
    known.set(session, now);
    // One came in, so at most one goes.
    const oldest = known.size > maxSessions ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    if (label === undefined) isHidden = true;
    return label === undefined ? last === undefined || now - last > duration.idle : label === null && last === undefined;
  };

  return {
    add(now, observation) {
      close(now);
      current.requests += 1;
      if (isNew(now, observation)) current.assigned += 1;
      const { label, session } = observation;
      if (typeof label === "string" && label !== node && takes.has(label)) current.misrouted += 1;
      if (current.sessions.size < maxSessions) current.sessions.add(session);
    },
    over(now) {
      close(now);
      return closed.splice(0);
    },
  };
}
