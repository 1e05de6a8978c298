import type { Millis } from "@holdfast/session-protocol";
import type { WithoutTime } from "../emitter.ts";
import type { RefusedReason } from "./refused.ts";

/** For logs and metrics. None carries a token. */
export type TokenEvent = { readonly at: Millis } & (
  | { readonly type: "token_refused"; readonly reason: RefusedReason; readonly kid?: string | undefined }
  /** A retired key still verifies; told once a minute for each. Only where the states of the keys are known: with `keys: tokens`. */
  | { readonly type: "token_old_key"; readonly kid: string }
  /** An RSA key with fewer than 3072 bits verified (ASVS 5.0 section 11.2.3); told once a minute for each. */
  | { readonly type: "token_short_key"; readonly kid: string }
  /** The keys could not be fetched; `stale`: the ones from before still count. */
  | { readonly type: "token_keys_failed"; readonly why: string; readonly stale: boolean }
  | { readonly type: "token_denylist_failed"; readonly error: string }
);

export type EmitToken = (event: WithoutTime<TokenEvent>) => void;
