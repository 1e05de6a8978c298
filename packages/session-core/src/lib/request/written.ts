import type { Millis } from "@holdfast/session-protocol";
import type { Draft } from "../session/draft.ts";
import type { CookieChange } from "../session/state.ts";

/** What is in the store now, as far as this request knows it for sure. */
export interface Written<Data> {
  readonly draft: Draft<Data>;
  /** `undefined` where nothing was written: the times are those that were read. */
  readonly times: { readonly createdAt: Millis; readonly seenAt: Millis } | undefined;
  /** Of a sealed session: those that were written, or expired. */
  readonly cookies?: CookieChange[] | undefined;
}
