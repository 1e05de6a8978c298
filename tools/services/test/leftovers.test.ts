import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { serviceFor, type ServiceName } from "../programs.ts";
import { type Alone, STARTS } from "../starts.ts";

const starter = fileURLToPath(new URL("support/starter.ts", import.meta.url));
const what = "the end of what a killed run of tests has started is";
const programs = (...services: ServiceName[]): (string | undefined)[] => services.flatMap((service) => [service, serviceFor(service, what)]);

let folder: string;
let run: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-leftovers-"));
  // As the system's: the servers have no rights, and some make files there, too.
  chmodSync(folder, 0o1777);
});
afterEach(() => {
  run?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const begin = (how: string, named: readonly (string | undefined)[]): ChildProcess & { readonly stdout: NonNullable<ChildProcess["stdout"]> } => {
  const child = spawn(process.execPath, [starter, how, ...named.map(String)], { env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "inherit"] });
  run = child;
  return child;
};
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => resolve(true)).on("error", () => resolve(false)).on("close", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
const leftovers = (): string[] => readdirSync(folder);
const nothingIsLeft = (): Promise<void> => until(() => leftovers().length === 0);
/** Starts them, and says on which ports they are. */
const started = async (how: string, named: readonly (string | undefined)[]): Promise<{ readonly child: ChildProcess; readonly ports: readonly number[] }> => {
  const child = begin(how, named);
  const [said] = (await Promise.race([once(child.stdout, "data"), once(child.stdout, "end")])) as [Buffer?];
  if (said === undefined) throw new Error("the servers did not start");
  return { child, ports: String(said).trim().split(" ").map(Number) };
};
const gone = async (ports: readonly number[]): Promise<void> => {
  await nothingIsLeft();
  for (const port of ports) await until(async () => !(await answers(port)));
};

describe("servers of a run of tests that ends without stopping them are gone, and so are their folders", { timeout: 120_000 }, () => {
  for (const service of Object.keys(STARTS) as Alone[]) {
    const named = programs(service);
    it.skipIf(named.includes(undefined))(`${service}, killed [needs ${service}]`, async () => {
      const { child, ports } = await started("stay", named);
      expect([leftovers().length, await Promise.all(ports.map(answers))]).toEqual([1, [true]]);
      child.kill("SIGKILL");
      await gone(ports);
    });
  }

  it("a folder without a server, killed", async () => {
    const child = begin("folder", []);
    await once(child.stdout, "data");
    expect(leftovers()).toHaveLength(1);
    child.kill("SIGKILL");
    await nothingIsLeft();
  });

  const pooled = programs("postgres", "pgbouncer");
  it.skipIf(pooled.includes(undefined))("PostgreSQL behind a pooler, killed [needs postgres, pgbouncer]", async () => {
    const { child, ports } = await started("stay", pooled);
    expect(leftovers()).toHaveLength(2);
    child.kill("SIGKILL");
    await gone(ports);
  });

  const postgres = programs("postgres");
  it.skipIf(postgres.includes(undefined))("PostgreSQL whose data folder is being made, killed [needs postgres]", async () => {
    const child = begin("stay", postgres);
    await until(() => leftovers().some((name) => readdirSync(join(folder, name)).length > 0));
    child.kill("SIGKILL");
    await nothingIsLeft();
  });

  const redis = programs("redis");
  describe.skipIf(redis.includes(undefined))("Redis [needs redis]", () => {
    it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s", async (signal) => {
      const { child, ports } = await started("stay", [...redis, ...redis]);
      expect(leftovers()).toHaveLength(2);
      child.kill(signal);
      await gone(ports);
    });

    it.each(["exit", "thread"])("at the end of a process or of a thread: %s", async (how) => {
      const { ports } = await started(how, redis);
      await gone(ports);
    });

    it("that was stopped", async () => {
      const { child, ports } = await started("stopped", redis);
      expect(leftovers()).toHaveLength(1);
      child.kill("SIGKILL");
      await gone(ports);
    });
  });
});
