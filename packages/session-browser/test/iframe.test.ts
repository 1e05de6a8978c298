import { afterEach, describe, expect, it, vi } from "vitest";
import { reportActivity } from "../src/iframe.ts";

afterEach(() => vi.unstubAllGlobals());

describe("a frame", () => {
  it("[L08] tells its page and nobody else that its user is there, at most every 5 s, and only what the browser vouches for", () => {
    const window = new EventTarget();
    const posted: unknown[][] = [];
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    vi.stubGlobal("parent", { postMessage: (...args: unknown[]) => void posted.push(args) });
    const input = (timeStamp: number, isTrusted = true, more: object = {}): void => {
      const event = Object.assign(new Event("pointermove"), more);
      Object.defineProperties(event, { isTrusted: { value: isTrusted }, timeStamp: { value: timeStamp } });
      window.dispatchEvent(event);
    };
    const stop = reportActivity({ to: "https://app.test" });
    input(10, false);
    expect(posted).toEqual([]);
    input(10);
    input(5009);
    expect(posted).toEqual([["holdfast:activity", "https://app.test"]]);
    input(5010);
    expect(posted).toHaveLength(2);
    input(20_000, true, { movementX: 0, movementY: 0 });
    expect(posted).toHaveLength(2);
    stop();
    input(99_999);
    expect(posted).toHaveLength(2);
  });
});
