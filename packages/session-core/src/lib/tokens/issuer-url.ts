import { configError } from "../errors.ts";

/** A URL whose answers nobody on the way can change: https, or http on this machine. `undefined` for anything else, and for one with a password. */
export function safeUrl(text: unknown): URL | undefined {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username !== "" || url.password !== "") return undefined;
  return url.protocol === "https:" || (url.protocol === "http:" && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) ? url : undefined;
}

/** @throws HoldfastError `config` for what is no issuer */
export function issuerUrl(option: string, text: string): string {
  const url = safeUrl(text);
  if (!url || url.search !== "" || url.hash !== "") throw configError(option, "must be an https URL without query and fragment (http only for localhost).");
  return text;
}
