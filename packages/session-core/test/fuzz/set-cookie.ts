/** What a browser makes of a Set-Cookie line (RFC 6265bis section 5.6), as far as we write one. Throws at what it would drop or take twice. */
export function parseSetCookie(header: string): Record<string, unknown> {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(header)) throw new Error("a control character: the browser drops the cookie");
  const [pair = "", ...rest] = header.split(";");
  const at = pair.indexOf("=");
  const result: Record<string, unknown> = { name: pair.slice(0, at).trim() };
  const value = pair.slice(at + 1).trim();
  const attributes = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (attributes.has(name)) throw new Error(`the attribute ${name} occurs twice`);
    attributes.set(name, equals < 0 ? "" : part.slice(equals + 1).trim());
  }
  const path = attributes.get("path");
  // A path that does not begin with a slash is replaced by the one of the request.
  result["path"] = path?.startsWith("/") ? path : "(default path)";
  if (attributes.has("domain")) result["domain"] = attributes.get("domain") === "" ? undefined : attributes.get("domain");
  result["secure"] = attributes.has("secure");
  result["httpOnly"] = attributes.has("httponly");
  result["sameSite"] = attributes.get("samesite")?.toLowerCase();
  result["value"] = value;
  if (attributes.has("max-age")) result["maxAge"] = Number(attributes.get("max-age"));
  if (attributes.has("expires")) result["expires"] = attributes.get("expires");
  const known = ["path", "domain", "secure", "httponly", "samesite", "max-age", "expires"];
  for (const name of attributes.keys()) if (!known.includes(name)) throw new Error(`an attribute that nobody meant: ${name}`);
  return result;
}
