/**
 * A binary heap, smallest key first, that knows where its items are: any of them can move or leave in O(log n).
 * The memory store needs that: a heap with stale items left inside would grow with the churn and not with the rows.
 */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();
  readonly #keyOf: (item: T) => number;

  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it to where its key now belongs. */
  put(item: T): void {
    let place = this.#places.get(item);
    if (place === undefined) {
      place = this.#items.length;
      this.#items.push(item);
    }
    this.#settle(item, place);
  }

  remove(item: T): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#settle(last, place);
  }

  #settle(item: T, from: number): void {
    const key = this.#keyOf(item);
    const place = this.#sink(key, this.#rise(key, from));
    this.#items[place] = item;
    this.#places.set(item, place);
  }

  #rise(key: number, from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || this.#keyOf(parent) <= key) break;
      this.#move(parent, place);
      place = above;
    }
    return place;
  }

  #sink(key: number, from: number): number {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const below = this.#smaller(left, left + 1);
      const child = this.#items[below];
      if (child === undefined || this.#keyOf(child) >= key) return place;
      this.#move(child, place);
      place = below;
    }
  }

  #smaller(left: number, right: number): number {
    const a = this.#items[left];
    const b = this.#items[right];
    return a !== undefined && b !== undefined && this.#keyOf(b) < this.#keyOf(a) ? right : left;
  }

  #move(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
