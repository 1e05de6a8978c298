import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { startCluster } from "./cluster/start-cluster.ts";
import { startCrowd } from "./cluster/crowd.ts";
import { findPrograms, pathOf } from "./lib/programs.ts";
import { SERVICES } from "./services/programs.ts";
import { startRedis } from "./services/redis.ts";

// `pnpm demo:cluster`: a balancer, three portals and a Redis on this machine, and some visitors. Everything ends with this process.
const USAGE = `Usage: pnpm demo:cluster [options]

  --nginx            NGINX in front of the nodes (default: HAProxy)
  --round-robin      without stickiness, for comparison: nodes take turns (HAProxy only)
  --visitors 24      so many visitors are made up; 0 for none
  --back 10s         a node that ended is started again after this long
  --store URL        redis://, redis+cluster:// or postgres:// of your own (default: a Redis is started)
  --idle, --absolute, --warn    as for the portal
  --help             this text

The port comes from PORT (default 8787).`;

const say = (line: string): void => console.log(line);
const refuse = (line: string, code: number): never => {
  console.error(line);
  process.exit(code);
};

const options = { nginx: { type: "boolean", default: false }, "round-robin": { type: "boolean", default: false }, visitors: { type: "string", default: "24" }, back: { type: "string", default: "10s" }, store: { type: "string" }, idle: { type: "string" }, absolute: { type: "string" }, warn: { type: "string" }, help: { type: "boolean", default: false } } as const;
const given = (() => {
  try {
    return parseArgs({ options, args: process.argv.slice(2).filter((argument) => argument !== "--") }).values;
  } catch (error) {
    return refuse(`${(error as Error).message}\nTry --help.`, 2);
  }
})();
if (given.help) {
  say(USAGE);
  process.exit();
}
const visitors = Number(/^\d{1,3}$/.exec(given.visitors)?.[0] ?? refuse("--visitors must be a number from 0 to 999.", 2));
const back = 1000 * Number(/^(\d{1,4})s$/.exec(given.back)?.[1] ?? refuse("--back must be a number of seconds, such as 10s.", 2));
const port = Number(process.env["PORT"] || 8787);
if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse("PORT must be a whole number from 1 to 65535.", 2);
if (given.nginx && given["round-robin"]) refuse("--round-robin goes with HAProxy only.", 2);
if (!(await isFree(port))) refuse(`Port ${port} is taken. Choose another: PORT=8788`, 1);

const kind = given.nginx ? "nginx" : "haproxy";
const wanted = [SERVICES[kind], ...(given.store === undefined ? [SERVICES.redis] : [])];
const { missing } = findPrograms(wanted);
if (missing.length > 0) refuse(`Not found, and not to be installed here: ${missing.join(", ")}. Install them (on Debian: apt-get install ${wanted.flatMap(({ packages }) => packages).join(" ")}), or name them by these variables.`, 1);
const pathTo = (service: typeof kind | "redis"): string => pathOf(SERVICES[service]) ?? refuse(`No ${SERVICES[service].name}.`, 1);
if (!existsSync(new URL("../apps/demo/dist/server/main.js", import.meta.url))) refuse("The portal is not built. Run `npx -y pnpm@12.21.0 build` first.", 1);

const redis = given.store === undefined ? await startRedis(pathTo("redis")) : undefined;
const args = (["idle", "absolute", "warn"] as const).flatMap((name) => (given[name] === undefined ? [] : [`--${name}`, given[name]]));
const cluster = await startCluster({ balancer: { kind, program: pathTo(kind) }, store: given.store ?? redis?.url ?? "", args, sticky: !given["round-robin"], port, back, say }).catch(async (error: unknown) => {
  await redis?.stop();
  return refuse((error as Error).message, 1);
});
say(`
Holdfast Chandlery   ${cluster.url}   on three nodes behind ${SERVICES[kind].name}${given["round-robin"] ? ", which take turns" : ""}
The nodes            ${cluster.url}/cluster
Accounts             ada, grace   password correct-horse
Sessions             ${given.store === undefined ? `Redis, port ${redis?.port ?? 0}` : "the store that was named"}

Kill a node          kill -9 PID   (the pids are above, and on the page; its carts live on)
Let one leave        kill PID      (it drains first)
Another balancer     npx holdfast affinity caddy --file ${cluster.description}
Stop all             Ctrl-C
`);

const crowd = visitors > 0 ? startCrowd(cluster.url, { visitors, pause: 1000, stay: 20 }) : undefined;
let told = "";
const telling = setInterval(() => {
  if (!crowd) return;
  const { errors, sessionsLost, writesLost } = crowd;
  // A request that was under way when its node was killed is the only one that may fail.
  const line = `of the visitors' requests ${errors.length + crowd.cut} failed; ${sessionsLost.length} sessions and ${writesLost.length} acknowledged writes were lost`;
  if (line !== told) say(`${crowd.requests} requests: ${line}`);
  told = line;
}, 2000);

const stop = async (): Promise<void> => {
  clearInterval(telling);
  await cluster.stop();
  await redis?.stop();
  process.exit();
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
