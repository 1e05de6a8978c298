import { createSessions, type KeyRingFile, type Sessions } from "@holdfast/session-core";
import { OVERLAP, RENEW } from "./plan.ts";
import type { Process, SimStore } from "./sim-store.ts";
import type { Timeline } from "./timeline.ts";

export interface Data {
  readonly cart: readonly string[];
}

const HOUR = 60 * 60 * 1000;
const secret = (fill: number): string => Buffer.alloc(32, fill).toString("base64url");
const old = { id: 1, secret: secret(1), since: 0 };
const fresh = { id: 2, secret: secret(2), since: 0 };

/** The roll-out of key 2: unknown, known, signing. */
const PHASES: readonly KeyRingFile["keys"][] = [
  [{ ...old, state: "active" }],
  [{ ...old, state: "active" }, { ...fresh, state: "next" }],
  [{ ...old, state: "retired" }, { ...fresh, state: "active" }],
];

/** One of the two servers. A crash or a new key file ends its process and begins another. */
export class Server {
  process: Process & { readonly sessions: Sessions<Data> };
  #phase = 0;
  readonly #timeline: Timeline;
  readonly #store: SimStore;
  readonly #skew: number;
  readonly #onEvent: (type: string) => void;

  constructor(timeline: Timeline, store: SimStore, skew: number, onEvent: (type: string) => void) {
    this.#timeline = timeline;
    this.#store = store;
    this.#skew = skew;
    this.#onEvent = onEvent;
    this.process = this.#begin();
  }

  /** The old process lets its requests finish. */
  useKeys(phase: number): void {
    this.#phase = phase;
    this.process = this.#begin();
  }

  #begin(): Server["process"] {
    const crash = (): void => {
      process.dead = true;
      if (this.process === process) this.process = this.#begin();
    };
    const base: Process = { dead: false, crash };
    let waits = 0;
    const clock = {
      now: () => Math.floor(this.#timeline.now + this.#skew),
      // Not the random time it was asked for: a schedule must run the same way twice.
      wait: () => new Promise<void>((resolve) => this.#timeline.at(this.#timeline.now + 1 + ((waits++ * 37) % 97), () => void (base.dead || resolve()))),
    };
    const sessions = createSessions<Data>({
      store: this.#store.seenBy(base),
      keys: { subjectKey: secret(9), keys: PHASES[this.#phase] ?? [] },
      initial: { cart: [] },
      policy: { idle: 100 * HOUR, absolute: 1000 * HOUR, renew: RENEW, overlap: OVERLAP },
      clock,
      onEvent: ({ type }) => this.#onEvent(type),
    });
    const process = Object.assign(base, { sessions });
    return process;
  }
}
