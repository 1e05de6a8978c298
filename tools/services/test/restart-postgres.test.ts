import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { startPostgres } from "../postgres.ts";
import { serviceFor } from "../programs.ts";

const program = serviceFor("postgres", "a restart right after a kill is");

it.skipIf(program === undefined)("PostgreSQL starts again while processes of the killed one still hold its memory [needs postgres]", async () => {
  const server = await startPostgres(program ?? "");
  try {
    // One of its processes that stands still does not notice that the postmaster is gone.
    const pids = await new Promise<string>((resolve) => void spawn("ps", ["-o", "pid=", "--ppid", String(server.pid)]).stdout.once("data", (text: Buffer) => void resolve(text.toString())));
    const child = Number(pids.trim().split(/\s+/)[0]);
    process.kill(child, "SIGSTOP");
    await server.signal("SIGKILL");
    const back = server.restart();
    await expect.poll(() => server.output, { timeout: 60_000 }).toMatch(/pre-existing shared memory block/);
    process.kill(child, "SIGCONT");
    await back;
  } finally {
    await server.stop();
  }
});
