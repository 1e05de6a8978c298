type Listener = Parameters<EventTarget["addEventListener"]>[1];

interface Entry {
  readonly listener: Listener;
  readonly signal: AbortSignal | undefined;
  readonly once: boolean;
  gone: boolean;
}

/** The listening half of an event target, for a page that is simulated: as the DOM's, without its cost. */
export class Target implements Pick<EventTarget, "addEventListener" | "removeEventListener"> {
  readonly #entries = new Map<string, Entry[]>();

  addEventListener(type: string, listener: Listener, options: AddEventListenerOptions | boolean = {}): void {
    const { signal, once = false } = typeof options === "boolean" ? {} : options;
    if (!listener || signal?.aborted) return;
    const there = this.#of(type);
    if (there.every((entry) => entry.listener !== listener)) this.#entries.set(type, [...there, { listener, signal, once, gone: false }]);
  }

  removeEventListener(type: string, listener: Listener): void {
    for (const entry of this.#of(type)) if (entry.listener === listener) entry.gone = true;
  }

  dispatch(event: Event): void {
    for (const entry of this.#of(event.type)) {
      if (isOver(entry)) continue;
      entry.gone = entry.once;
      if (typeof entry.listener === "function") entry.listener(event);
      else entry.listener?.handleEvent(event);
    }
  }

  /** Those that still listen. Nobody changes the row, so it can be gone through while others join. */
  #of(type: string): readonly Entry[] {
    const entries = this.#entries.get(type) ?? [];
    if (!entries.some(isOver)) return entries;
    const rest = entries.filter((entry) => !isOver(entry));
    this.#entries.set(type, rest);
    return rest;
  }
}

const isOver = ({ gone, signal }: Entry): boolean => gone || !!signal?.aborted;

/** An event as the browser makes it; what scripts make is not trusted. */
export const eventOf = (type: string, more: object = {}): Event => ({ type, isTrusted: true, ...more }) as unknown as Event;
