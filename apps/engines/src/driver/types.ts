export type EngineName = "chromium" | "firefox" | "webkit";

/** What an engine can be driven to here. A run that needs more than that says so in its row of the table. */
export interface Capabilities {
  /** Page lifecycle `freeze` and `resume`, as the browser itself does it to tabs nobody looks at. */
  readonly freeze: boolean;
  /** A tab's process ends while its page runs: `killed`, or `stopped` for good where the driver does not survive a kill. */
  readonly crash: "killed" | "stopped";
  /** A tab's process stopped for a while, as when a machine sleeps. */
  readonly suspend: boolean;
  /** Background tabs are really hidden: `visibilitychange` comes when another tab is brought to the front. */
  readonly hidden: boolean;
  /** The browser itself goes offline, with its `offline` and `online` events. */
  readonly offline: boolean;
}

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
  press(key: string): Promise<void>;
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
  readonly capabilities: Capabilities;
  newTab(url?: string): Promise<Tab>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** Program of the browser, or of its driver. */
  readonly path: string;
  /** SHA-256 of the public key of the one certificate that is accepted although nobody signed it, base64. */
  readonly trusted: string;
  /** A free port of 127.0.0.1, for drivers that cannot choose one themselves. */
  readonly port: number;
}
