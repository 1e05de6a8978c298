type Listener = Parameters<EventTarget["addEventListener"]>[1];

/** The listening half of an event target, for a page that is simulated: as the DOM's, without its cost. */
export class Target implements Pick<EventTarget, "addEventListener" | "removeEventListener"> {
  readonly #entries: { readonly type: string; readonly listener: Listener; readonly signal: AbortSignal | undefined; readonly once: boolean; gone: boolean }[] = [];

  addEventListener(type: string, listener: Listener, options: AddEventListenerOptions | boolean = {}): void {
    const { signal, once = false } = typeof options === "boolean" ? {} : options;
    if (listener && !signal?.aborted && !this.#entries.some((entry) => !entry.gone && !entry.signal?.aborted && entry.type === type && entry.listener === listener)) this.#entries.push({ type, listener, signal, once, gone: false });
  }

  removeEventListener(type: string, listener: Listener): void {
    for (const entry of this.#entries) if (entry.type === type && entry.listener === listener) entry.gone = true;
  }

  dispatch(event: Event): void {
    for (const entry of this.#entries.slice()) {
      if (entry.gone || entry.signal?.aborted || entry.type !== event.type) continue;
      entry.gone = entry.once;
      if (typeof entry.listener === "function") entry.listener(event);
      else entry.listener?.handleEvent(event);
    }
    if (this.#entries.some(isOver)) this.#entries.splice(0, this.#entries.length, ...this.#entries.filter((entry) => !isOver(entry)));
  }
}

const isOver = ({ gone, signal }: { readonly gone: boolean; readonly signal: AbortSignal | undefined }): boolean => gone || !!signal?.aborted;

/** An event as the browser makes it; what scripts make is not trusted. */
export const eventOf = (type: string, more: object = {}): Event => ({ type, isTrusted: true, ...more }) as unknown as Event;
