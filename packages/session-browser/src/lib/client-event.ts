import type { Millis } from "@holdfast/session-protocol";
import type { ClientState } from "./client-state.ts";

/**
 * - `status`: the status became another one.
 * - `restored`: the page comes back from the back-forward cache or from being frozen. Hide what nobody else may see until `checked` resolves.
 * - `asked`: a question to the server came to its end; `outcome` is what became of it. For telemetry.
 * - `held`: a `hold` began (`until` is the latest moment it can last) or ended (`until: undefined`).
 */
export type ClientEvent<Data = unknown> =
  | { readonly type: "status"; readonly state: ClientState<Data>; readonly before: ClientState<Data> }
  | { readonly type: "restored"; readonly checked: Promise<ClientState<Data>> }
  | { readonly type: "asked"; readonly question: "view" | "touch" | "logout"; readonly outcome: "answered" | "refused" | "unreachable" }
  | { readonly type: "held"; readonly reason: string; readonly until: Millis | undefined };

export type ClientEventType = ClientEvent["type"];
