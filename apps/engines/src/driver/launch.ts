import { launchChromium } from "./chromium.ts";
import { launchFirefox } from "./firefox.ts";
import type { Browser, EngineName, LaunchOptions } from "./types.ts";
import { launchWebkit } from "./webkit.ts";

const launchers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebkit };

/** One interface over three engines, each in a profile of its own that is gone afterwards. */
export const launch = (engine: EngineName, options: LaunchOptions): Promise<Browser> => launchers[engine](options);
