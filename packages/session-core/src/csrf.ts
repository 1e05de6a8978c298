export { createCsrfTokens, type CsrfTokenOptions, type CsrfTokens } from "./lib/csrf-tokens.ts";
