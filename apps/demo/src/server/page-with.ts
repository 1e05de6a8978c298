/** Writes what the browser must know into the page; an attribute, since the policy allows no inline script. */
export function pageWith(page: string, what: "config" | "session", value: object): string {
  const json = JSON.stringify(value).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return page.replace(new RegExp(`(<meta name="portal-${what}" content=)("[^"]*"|'[^']*')`), (_all, before: string) => `${before}"${json}"`);
}
