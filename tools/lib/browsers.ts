import { type Program, programFor } from "./programs.ts";

export type BrowserName = "chromium" | "firefox" | "webkit";

export const BROWSERS: Readonly<Record<BrowserName, Program>> = {
  chromium: {
    name: "Chromium",
    variable: "CHROMIUM_PATH",
    usual: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
    packages: ["chromium"],
  },
  firefox: {
    name: "Firefox",
    variable: "FIREFOX_PATH",
    usual: ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
    packages: ["firefox-esr"],
  },
  webkit: {
    name: "WebKitGTK",
    variable: "WEBKIT_DRIVER_PATH",
    usual: ["/usr/bin/WebKitWebDriver"],
    beside: ["/usr/bin/Xvfb"],
    packages: ["webkit2gtk-driver", "xvfb"],
  },
};

/** For root and containers; quiet, and without calls to the outside. */
export const CHROMIUM_FLAGS: readonly string[] = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

/** The program of a browser, or of its driver; see `programFor`. */
export const browserFor = (browser: BrowserName, what: string): string | undefined => programFor(BROWSERS[browser], what);
