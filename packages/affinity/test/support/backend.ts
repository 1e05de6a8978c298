// A node of the application, in a process of its own: says who it is, and leaves when it is told to.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Affinity } from "../../src/lib/affinity.ts";
import { createDrain } from "../../src/lib/create-drain.ts";

const { affinity, label, port } = JSON.parse(process.argv[2] ?? "") as { affinity: Affinity; label: string; port: number };
const drain = createDrain(affinity);

const server = createServer((request, response) => {
  if (request.url === affinity.health.path) {
    response.writeHead(drain.healthStatus, { "cache-control": "no-store" }).end();
    return;
  }
  const end = drain.begin();
  response.once("close", end);
  if (drain.setCookie !== undefined) response.appendHeader("set-cookie", drain.setCookie);
  // A cookie of the application's own, another one for each client, which balancers have to leave alone.
  if (!/visitor=/.test(request.headers.cookie ?? "")) response.appendHeader("set-cookie", `visitor=${randomUUID()}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  response.setHeader("x-node", label).end(`${label}\n`);
});

process.on("disconnect", () => process.exit());
process.on("message", (word) => {
  if (word === "drain") void drain.drain().then((result) => process.send?.(result));
  // As the README has it for SIGTERM.
  if (word === "leave") void drain.drain().then(() => new Promise((resolve) => server.close(resolve))).then(() => process.exit());
});
server.listen(port, "127.0.0.1", () => process.send?.("ready"));
