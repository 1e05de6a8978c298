import type { Millis } from "@holdfast/session-protocol";

/** Whose task it is: what stands still keeps its tasks until it goes on, what is gone loses them. */
export interface Owner {
  gone: boolean;
  /** While it stands still: what came up meanwhile, in order. */
  parked: Task[] | undefined;
}

export interface Task {
  readonly at: Millis;
  /** `undefined` for servers, which neither sleep nor close. */
  readonly owner: Owner | undefined;
  /** `false`: it was called off meanwhile, and nothing happened. */
  readonly run: () => unknown;
}

/** Virtual time: tasks in the order of their moments, and of their making within one moment. */
export class Tasks {
  now: Millis;
  /** The computer of all owners. */
  readonly machine: Owner = { gone: false, parked: undefined };
  /** The next one last. */
  readonly #tasks: Task[] = [];

  constructor(start: Millis) {
    this.now = start;
  }

  add(at: Millis, owner: Owner | undefined, run: () => unknown): void {
    this.#insert({ at: Math.max(at, this.now), owner, run });
  }

  /** When the next one is; infinite when there is none. */
  get next(): Millis {
    return this.#tasks.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the next one whose owner can; `false` when there is none until `end`. */
  step(end: Millis): boolean {
    for (;;) {
      const task = this.#tasks.at(-1);
      if (!task || task.at > end) return false;
      this.#tasks.pop();
      this.now = Math.max(this.now, task.at);
      const { owner, run } = task;
      if (owner?.gone) continue;
      const kept = owner && (this.machine.parked ?? owner.parked);
      if (kept) kept.push(task);
      else if (run() !== false) return true;
    }
  }

  halt(owner: Owner): void {
    owner.parked ??= [];
  }

  /** What was kept comes at once, in order. */
  goOn(owner: Owner): void {
    const kept = owner.parked ?? [];
    owner.parked = undefined;
    for (const { owner: of, run } of kept) this.add(this.now, of, run);
  }

  #insert(task: Task): void {
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#tasks[middle];
      if (other && other.at > task.at) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
  }
}
