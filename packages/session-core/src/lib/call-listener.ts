/** A listener that throws or rejects decides neither about anybody's session nor about the process. */
export function callListener<Event>(listener: (event: Event) => unknown, event: Event): void {
  new Promise<unknown>((resolve) => {
    resolve(listener(event));
  }).catch((error: unknown) => console.warn("Holdfast: an event listener failed.", error));
}
