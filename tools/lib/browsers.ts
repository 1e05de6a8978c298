import { accessSync, constants, existsSync } from "node:fs";
import { isCi } from "./ci.ts";
import { run } from "./shell.ts";

export type BrowserName = "chromium" | "firefox" | "webkit";

interface Wanted {
  readonly name: string;
  /** Names its program, or its driver's, when it is somewhere else. */
  readonly variable: string;
  readonly usual: readonly string[];
  /** What else has to be there. */
  readonly beside: readonly string[];
  /** Debian packages. */
  readonly packages: readonly string[];
}

const wanted: Readonly<Record<BrowserName, Wanted>> = {
  chromium: {
    name: "Chromium",
    variable: "CHROMIUM_PATH",
    usual: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
    beside: [],
    packages: ["chromium"],
  },
  firefox: {
    name: "Firefox",
    variable: "FIREFOX_PATH",
    usual: ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
    beside: [],
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

/**
 * The program of a browser, or of its driver, for a suite. Without it says aloud that `what` ("the portal is") is not tested, and returns `undefined`;
 * with CI set that is a failure.
 */
export const browserFor = (browser: BrowserName, what: string): string | undefined => {
  const { name, variable, packages } = wanted[browser];
  const path = pathOf(wanted[browser]);
  if (path !== undefined) return path;
  const words = `No ${name}: ${what} NOT tested in it. Install it (apt-get install ${packages.join(" ")}) or set ${variable}.`;
  if (isCi()) throw new Error(words);
  console.warn(`\n  SKIPPED: ${words}\n`);
  return undefined;
};

export interface Browsers {
  /** For the environment of the tests: the variable of each browser with its program, or undefined. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is not here and could not be installed, with the variable that can name it. */
  readonly missing: readonly string[];
}

/** The browsers for the system tests: those named by variables, installed ones, or ones installed now where we may. */
export const findBrowsers = (): Browsers => {
  const all = Object.values(wanted);
  const absent = all.filter((browser) => pathOf(browser) === undefined && !named(browser));
  if (absent.length > 0) install(absent);
  const found = all.map((browser) => ({ ...browser, path: pathOf(browser) }));
  return {
    env: Object.fromEntries(found.map(({ variable, path }) => [variable, path])),
    missing: found.filter(({ path }) => path === undefined).map(({ name, variable }) => `${name} (${variable})`),
  };
};

const named = ({ variable }: Wanted): string | undefined => process.env[variable] || undefined;

const pathOf = (browser: Wanted): string | undefined => {
  const own = named(browser);
  const path = own === undefined ? browser.usual.find(runnable) : own;
  return path !== undefined && runnable(path) && browser.beside.every(runnable) ? path : undefined;
};

const install = (browsers: readonly Wanted[]): void => {
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!mayInstall) return;
  console.log(`Not here: ${browsers.map(({ name }) => name).join(", ")}; installing with apt-get (about a minute) ...`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const steps = [["update"], ["install", "-y", "--no-install-recommends", ...browsers.flatMap(({ packages }) => packages)]];
  for (const step of steps) {
    const { code, output } = run("apt-get", step, { env });
    if (code === 0) continue;
    console.error(`apt-get ${step.join(" ")} failed:\n${output.split("\n").slice(-8).join("\n")}`);
    return;
  }
};

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
