/** A task of its own. Unlike a timer's it comes promptly in hidden tabs too, and where timers stand still. It needs nothing around it, so that a page can be given its text. */
export const task = (): Promise<unknown> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", resolve, { once: true });
    port1.start();
    port2.postMessage(0);
  });
