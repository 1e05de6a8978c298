export { type AccessTokens, type AccessTokensOptions, createAccessTokens, type IssueResult } from "./lib/tokens/access-tokens.ts";
export type { PublicJwk, TokenAlgorithm } from "./lib/tokens/algorithms.ts";
export type { AccessTokenClaims } from "./lib/tokens/claims.ts";
export { createDenylist, type Denylist, type DenylistOptions } from "./lib/tokens/denylist.ts";
export { type Denials, denyOnEnd, type DenyOnEndOptions } from "./lib/tokens/deny-on-end.ts";
export type { TokenEvent } from "./lib/tokens/events.ts";
export type { JsonWebKeySet, KeySource, VerifyKey } from "./lib/tokens/key-set.ts";
export { createLogoutReceiver, type LogoutReceiver, type LogoutReceiverOptions, type LogoutResult } from "./lib/tokens/logout-receiver.ts";
export { createProviderLinks, type ProviderLinks, type ProviderLinksOptions } from "./lib/tokens/provider-links.ts";
export type { Refused, RefusedReason } from "./lib/tokens/refused.ts";
export { remoteKeys, type RemoteKeysOptions } from "./lib/tokens/remote-keys.ts";
export type { SigningAlgorithm, SigningKey, SigningKeyFile } from "./lib/tokens/signing-keys.ts";
export {
  addSigningKey,
  generateSigningKeys,
  type NewSigningKeyOptions,
  nextSigningStep,
  promoteSigningKey,
  type PromoteSigningKeyOptions,
  removeSigningKey,
  type RemoveSigningKeyOptions,
  type SigningStep,
  type SigningStepOptions,
} from "./lib/tokens/signing-steps.ts";
export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions, type VerifyResult } from "./lib/tokens/verifier.ts";
