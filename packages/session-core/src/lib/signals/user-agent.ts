// Order matters: most browsers also name the ones they descend from.
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "edge"],
  [/\b(?:OPR|Opera|OPiOS)\b/, "opera"],
  [/\bSamsungBrowser\//, "samsung"],
  [/\b(?:Firefox|FxiOS)\//, "firefox"],
  [/\b(?:Chrome|Chromium|CriOS)\//, "chrome"],
  [/\bSafari\//, "safari"],
];
const PLATFORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:iPhone|iPad|iPod)\b/, "ios"],
  [/\bAndroid\b/, "android"],
  [/\bWindows\b/, "windows"],
  [/\bCrOS\b/, "chromeos"],
  [/\bMacintosh\b/, "macos"],
  [/\bLinux\b/, "linux"],
];

/** Browser family and platform, without any version, so that an update is no change. Of what is no browser, its product name. */
export function userAgentFamily(userAgent: string): string {
  const text = userAgent.slice(0, 512);
  const find = (table: typeof FAMILIES): string | undefined => table.find(([pattern]) => pattern.test(text))?.[1];
  return `${find(FAMILIES) ?? /^[\w.-]{1,40}/.exec(text)?.[0].toLowerCase() ?? ""}/${find(PLATFORMS) ?? ""}`;
}
