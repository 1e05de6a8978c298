// A node of the application, in a process of its own: says who it is, and leaves when it is told to.
import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { systemClock } from "@holdfast/session-core/store";
import type { Affinity } from "../../src/lib/affinity.ts";
import { createDrain } from "../../src/lib/create-drain.ts";

const { affinity, label, port } = JSON.parse(process.argv[2] ?? "") as { affinity: Affinity; label: string; port: number };
let standing: Promise<void> | undefined;
let goOn = (): void => undefined;
const drain = createDrain(affinity, {
  clock: {
    now: systemClock.now,
    async wait(ms) {
      await systemClock.wait(ms);
      await standing;
    },
  },
});
/** Until somebody is told. */
let looks = 0;
/** Requests for /held: answered when whoever runs this says so. */
const held: ServerResponse[] = [];

const server = createServer((request, response) => {
  if (request.url === affinity.health.path) {
    if ((looks -= 1) === 0) process.send?.("looked");
    response.writeHead(drain.healthStatus, { "cache-control": "no-store" }).end();
    return;
  }
  const end = drain.begin();
  response.once("close", end);
  if (drain.setCookie !== undefined) response.appendHeader("set-cookie", drain.setCookie);
  // A cookie of the application's own, another one for each client, which balancers have to leave alone.
  if (!/visitor=/.test(request.headers.cookie ?? "")) response.appendHeader("set-cookie", `visitor=${randomUUID()}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  // A token that names its node, as some applications mint them, for the balancers that go by those.
  if (request.url === "/token" && !new RegExp(`hf_aff=${label}\\.`).test(request.headers.cookie ?? "")) response.appendHeader("set-cookie", `hf_aff=${label}.${randomUUID()}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  response.setHeader("x-node", label);
  if (request.url === "/held") {
    held.push(response);
    process.send?.("held");
  } else response.end(`${label}\n`);
});

process.on("disconnect", () => process.exit());
process.on("message", (word: string | { readonly looks: number }) => {
  if (typeof word === "object") looks = word.looks;
  if (word === "stand") standing = new Promise((resolve) => (goOn = resolve));
  if (word === "go on") goOn();
  if (word === "drain") {
    void drain.drain().then((result) => process.send?.(result));
    process.send?.("draining");
  }
  if (word === "release") for (const response of held.splice(0)) response.end("held\n");
  // As the README has it for SIGTERM.
  if (word === "close") {
    server.close(() => process.exit());
    setTimeout(() => process.exit(), 3000);
  }
  // As one would write it who thinks that a node which has drained may just end.
  if (word === "end") process.exit();
});

server.listen(port, "127.0.0.1", () => process.send?.("ready"));
