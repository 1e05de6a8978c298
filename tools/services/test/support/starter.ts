// A run of tests that never stops its servers: `starter.ts <stay|exit|stopped|thread> [service program]...` starts them one after the other, says their
// ports, and stays to be killed, or exits; or the servers do not react; or they are started by a thread that ends. `folder` makes a folder with a file in it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { temporaryFolder } from "../../folder.ts";
import { startPgbouncer } from "../../pgbouncer.ts";
import type { Server } from "../../server.ts";
import { type Alone, STARTS } from "../../starts.ts";

const [how, ...named] = process.argv.slice(2);

if (how === "thread") {
  const thread = new Worker(new URL(import.meta.url), { argv: ["stay", ...named], stdout: true });
  thread.stdout.once("data", (said: Buffer) => {
    process.stdout.write(said);
    void thread.terminate();
  });
  setInterval(() => undefined, 60_000);
} else if (how === "folder") {
  writeFileSync(join(temporaryFolder("holdfast-portal-").path, "portal.sqlite"), "rows");
  console.log("made");
  setInterval(() => undefined, 60_000);
} else {
  const servers: Server[] = [];
  for (let i = 0; i < named.length; i += 2) {
    const [service, program = ""] = named.slice(i, i + 2);
    const before = servers.at(-1);
    servers.push(await (service === "pgbouncer" && before ? startPgbouncer(program, before) : STARTS[service as Alone](program)));
  }
  if (how === "stopped") for (const server of servers) await server.signal("SIGSTOP");
  console.log(servers.map(({ port }) => port).join(" "));
  if (how === "exit") process.exit();
}
