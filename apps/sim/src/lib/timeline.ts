type Millis = number;

interface Event {
  readonly at: Millis;
  readonly order: number;
  readonly work: () => void;
}

/** Virtual time: events in the order of their moments, and of their making within one moment. */
export class Timeline {
  now: Millis;
  readonly #heap: Event[] = [];
  #made = 0;

  constructor(start: Millis) {
    this.now = start;
  }

  at(time: Millis, work: () => void): void {
    const event: Event = { at: Math.max(time, this.now), order: this.#made++, work };
    let place = this.#heap.length;
    this.#heap.push(event);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || !before(event, parent)) break;
      this.#heap[place] = parent;
      this.#heap[above] = event;
      place = above;
    }
  }

  /** Moves to the next event and runs it. What it awaits goes on when the caller yields. `false` when nothing is left. */
  step(): boolean {
    const first = this.#heap[0];
    if (!first) return false;
    const last = this.#heap.pop();
    if (last && last !== first) this.#sink(last);
    this.now = first.at;
    first.work();
    return true;
  }

  #sink(event: Event): void {
    let place = 0;
    for (;;) {
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
      const smaller = right && left && before(right, left) ? 2 : 1;
      const child = smaller === 2 ? right : left;
      if (!child || before(event, child)) break;
      this.#heap[place] = child;
      place = 2 * place + smaller;
    }
    this.#heap[place] = event;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
