export type EngineName = "chromium" | "firefox" | "webkit";

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
}

/** What can go through JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One tab. Input is the browser's own: events are trusted. */
export interface Tab {
  /** Loads an address and waits for `load`. One that never becomes a page (a download, 204) is no failure. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  back(): Promise<void>;
  /** Runs the function in the page and awaits it; arguments and result go through JSON. It sees nothing of where it is written. */
  evaluate<Args extends readonly Json[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>;
  move(x: number, y: number): Promise<void>;
  click(selector: string): Promise<void>;
  /** Moves the mouse to a place in the document of the page's only frame, and clicks there when `click`. */
  inside(x: number, y: number, click?: boolean): Promise<void>;
  /** A character, `Tab`, `Enter` or `Escape`; with `Shift+` before it while Shift is held. */
  press(key: string): Promise<void>;
  /** Whether the engine's accessibility tree has something of this role and name: what a screen reader would get to hear. */
  exposes(role: string, name: string): Promise<boolean>;
  /** Brings the tab to the front. */
  show(): Promise<void>;
  /** Cookies of the page's address, those that scripts cannot see too. */
  cookies(): Promise<readonly Cookie[]>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
  /** Ends its process: no event of any kind runs in the page any more. */
  crash(): Promise<void>;
  freeze(): Promise<void>;
  resume(): Promise<void>;
  /** Stops its process, and what other tabs it has, for as long as `work` takes. */
  suspended(work: () => Promise<void>): Promise<void>;
  offline(on: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface Browser {
  readonly engine: EngineName;
  readonly version: string;
  newTab(url?: string): Promise<Tab>;
  /** What the engine itself tells of an address's way into and out of the back-forward cache, where it does. */
  diary?(host: string): readonly string[];
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** Program of the browser, or of its driver. */
  readonly path: string;
  /** What Chromium is started with besides. */
  readonly flags: readonly string[];
  /** SHA-256 of the public key of the one certificate that is accepted although nobody signed it, base64. */
  readonly trusted: string;
  /** A free port of 127.0.0.1, for drivers that cannot choose one themselves. */
  readonly port: number;
}
