import type { LogoutOutcome, LogoutScope } from "@holdfast/session-browser";
import type { SessionView } from "@holdfast/session-protocol";
import type { PortalView } from "../server/data.ts";

export type Session = SessionView<PortalView>;

/** How the portal was started; the server writes it into the page. */
export interface PortalConfig {
  readonly idle: number;
  readonly absolute: number;
  readonly warn: number;
  /** How long a proof of who is there counts as recent. */
  readonly freshFor: number;
  readonly store: string;
  /** Whether the store knows where somebody is signed in, and whether it can end all that: some can do the second without the first. */
  readonly listable: boolean;
  readonly endsAll: boolean;
  /** It is one of several nodes, and there is a page about them. */
  readonly clustered?: boolean;
}

/** What one can see of a sign-in: the id before and the id after. */
export interface Changeover {
  readonly before: string | undefined;
  readonly after: string;
  readonly carried: number;
}

/** Time left, in milliseconds on the browser's clock. */
export interface Remaining {
  readonly idle: number;
  readonly absolute: number;
}

/** All that a page knows and may do. */
export interface App {
  readonly config: PortalConfig;
  readonly session: Session;
  readonly changeover: Changeover | undefined;
  remaining(): Remaining | undefined;
  /** Calls the JSON API; deadlines in the answer reach the session client. */
  call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<Answer<T>>;
  /** Asks the server what the session is now, and draws the page again if it became another one. */
  refresh(): Promise<void>;
  signedIn(changeover: Changeover, next: string): Promise<void>;
  extend(): Promise<boolean>;
  signOut(scope: LogoutScope): Promise<LogoutOutcome>;
  /** Something goes on that counts as activity, for `max` ms at most. Returns what ends it; `ended` hears of its end, however that comes. */
  hold(reason: string, max: number, ended: () => void): () => void;
  /** Says it to screen readers. */
  announce(text: string): void;
  /** Says it to everybody. */
  toast(text: string): void;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: number; readonly type: string; readonly title: string };

export interface View {
  readonly title: string;
  readonly node: HTMLElement;
  /** Called each second while somebody can see the page and is signed in. */
  tick?(): void;
  /** Called when another page takes its place. */
  end?(): void;
}

export const isSignedIn = (session: Session): session is Session & { state: "active" } => session.state === "active";
export const sessionId = (session: Session): string | undefined => (session.state === "none" ? undefined : session.id);
