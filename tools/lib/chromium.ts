import { accessSync, constants, existsSync } from "node:fs";
import { run } from "./shell.ts";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The browser for the system tests: the one named by CHROMIUM_PATH, an installed one, or one installed now where we may. */
export const findChromium = (): string | undefined => {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return runnable(named) ? named : undefined;
  return usual.find(runnable) ?? installed();
};

const installed = (): string | undefined => {
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!mayInstall) return undefined;
  console.log("Chromium is not here; installing it with apt-get (about a minute) ...");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const steps = [["update"], ["install", "-y", "--no-install-recommends", "chromium"]];
  for (const step of steps) {
    const { code, output } = run("apt-get", step, { env });
    if (code === 0) continue;
    console.error(`apt-get ${step.join(" ")} failed:\n${output.split("\n").slice(-8).join("\n")}`);
    return undefined;
  }
  return usual.find(runnable);
};

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
