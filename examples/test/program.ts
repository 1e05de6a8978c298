import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { generateKeys } from "@holdfast/session-core";
import { freePort } from "../../tools/lib/free-port.ts";

export interface Program {
  readonly url: string;
  /** What it printed so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Starts an example as its users do, on a free port and with keys of its own, and waits until it answers. */
export async function startExample(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = { HOST: "127.0.0.1", PORT: String(port), NODE_ENV: "production", SESSION_KEYS: JSON.stringify(generateKeys()), NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, args, {
    cwd: new URL(`../${name}/`, import.meta.url),
    env: { ...process.env, ...settings, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (output += String(chunk)));

  while ((await fetch(`${url}/me`).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended before it answered:\n${output}`);
    await wait(50);
  }
  return {
    url,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}
