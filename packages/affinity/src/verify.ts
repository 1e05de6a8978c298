export type { Finding, FindingCode, Verification } from "./lib/verify/findings.ts";
export { type VerifyOptions, verifyAffinity } from "./lib/verify/verify-affinity.ts";
