import type { Millis } from "@holdfast/session-protocol";
import type { SessionId, StoredSession } from "../port.ts";

/** A question to the engine that has not been answered. */
export interface Flight {
  /** When, on the monotonic clock. */
  readonly asked: Millis;
  readonly answer: Promise<StoredSession | null>;
  /** The row changed since it was asked for: the answer may be the old one, and must be neither kept nor given to who asks now. */
  outdated: boolean;
}

/** Questions under way, the latest of each row. */
export interface Flights {
  /** The one that a new reader may share. */
  joinable(id: SessionId): Flight | undefined;
  /** @param land gets the answer where it may be kept. */
  begin(id: SessionId, asked: Millis, ask: () => Promise<StoredSession | null>, land: (row: StoredSession, asked: Millis) => void): Promise<StoredSession | null>;
  outdate(id: string): void;
  /** @param prefix of their ids; default: every one. */
  outdateAll(prefix?: string): void;
}

export function createFlights(): Flights {
  const flying = new Map<string, Flight>();
  return {
    joinable(id) {
      const flight = flying.get(id);
      return flight?.outdated ? undefined : flight;
    },
    begin(id, asked, ask, land) {
      const flight: Flight = { asked, answer: ask(), outdated: false };
      // The one before, if any, is not the latest any more, and lands nowhere.
      flying.set(id, flight);
      const over = (row: StoredSession | null): void => {
        if (flying.get(id) !== flight) return;
        flying.delete(id);
        if (row && !flight.outdated) land(row, asked);
      };
      flight.answer.then(over, () => over(null));
      return flight.answer;
    },
    outdate(id) {
      const flight = flying.get(id);
      if (flight) flight.outdated = true;
    },
    outdateAll(prefix = "") {
      for (const [id, flight] of flying) if (id.startsWith(prefix)) flight.outdated = true;
    },
  };
}
