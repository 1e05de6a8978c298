export { backchannelLogout } from "./lib/backchannel-logout.ts";
export { jwks } from "./lib/jwks.ts";
export { requireToken, type RequireTokenOptions, type TokenEnv } from "./lib/require-token.ts";
