import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { browserFor } from "../browsers.ts";
import { bundle } from "./bundle.ts";
import { type Contender, CONTENDERS, COUNTING } from "./contenders.ts";
import { openTabs, type Tabs } from "./tabs.ts";

const TABS = 10;
/** Pages settle, then nobody does anything, then the pointer moves in the first tab; in seconds. */
const SETTLE = 8;
const WORK = 20;
const MOVES_PER_SECOND = 20;

/** Per minute. */
interface Phase {
  readonly visible: number;
  /** Of each hidden tab. */
  readonly hidden: number;
  /** Time in scripts, of all tabs, in ms. */
  readonly scripts: number;
  /** Of all processes of pages, in ms. */
  readonly cpu: number;
}

interface Measured {
  readonly name: string;
  readonly idle: Phase;
  readonly work: Phase;
}

/** Wake-ups and time of each contender in a browser of its own, one after the other in one run. */
export async function idleTable(seconds: number): Promise<string> {
  const path = browserFor("chromium", "what idle pages cost is");
  if (path === undefined) return "";
  const rows: Measured[] = [];
  let version = "";
  for (const contender of CONTENDERS) {
    const { measured, browser } = await measure(contender, path, seconds);
    version = browser;
    rows.push(measured);
    console.log(JSON.stringify(measured));
  }
  const rival = rows.find(({ name }) => name === "react-idle-timer, tabs in step")?.work.scripts ?? Number.NaN;
  const cells = ({ visible, hidden, scripts, cpu }: Phase): string[] => [visible, hidden, scripts, cpu].map((value) => value.toFixed(value < 10 ? 1 : 0));
  return [
    `${version}, ${TABS} tabs, ${seconds} s without input, then ${WORK} s with ${MOVES_PER_SECOND} pointer movements a second in the visible one. All figures are per minute. Wake-ups: timers that fired and events that somebody listened to, in each tab. Script ms: of all tabs. CPU ms: of all processes of pages, the browser's own work for input and painting included.`,
    "",
    "| page | nobody: wake-ups visible | hidden | script ms | CPU ms | somebody works: wake-ups visible | hidden | script ms | CPU ms | script time, react-idle-timer = 1 |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows.map(({ name, idle, work }) => `| ${[name, ...cells(idle), ...cells(work), (work.scripts / rival).toFixed(2)].join(" | ")} |`),
  ].join("\n");
}

async function measure({ name, code }: Contender, path: string, seconds: number): Promise<{ measured: Measured; browser: string }> {
  const script = Buffer.from(await bundle(code, true));
  const server = createServer(({ url = "" }, response) => {
    const [type, body] = url === "/page.js" ? ["text/javascript", script] : url.startsWith("/session") ? ["application/json", VIEW] : ["text/html", PAGE];
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tabs = await openTabs(path, `http://localhost:${(server.address() as AddressInfo).port}/`, TABS);
  try {
    await wait(SETTLE * 1000);
    const idle = await phase(tabs, () => wait(seconds * 1000));
    const work = await phase(tabs, async () => {
      for (let move = 0; move < WORK * MOVES_PER_SECOND; move++) {
        await tabs.move(20 + (move % 200), 20 + (move % 150));
        await wait(1000 / MOVES_PER_SECOND);
      }
    });
    return { measured: { name, idle, work }, browser: tabs.version };
  } finally {
    await tabs.close();
    server.close();
  }
}

async function phase(tabs: Tabs, work: () => Promise<unknown>): Promise<Phase> {
  const state = async () => ({ woken: (await tabs.woken()).map(({ timers, events }) => timers + events), scripts: total(await tabs.scripts()), cpu: await tabs.cpu() });
  const before = await state();
  const began = performance.now();
  await work();
  const minutes = (performance.now() - began) / 60_000;
  const after = await state();
  const [visible = 0, ...hidden] = after.woken.map((woken, at) => (woken - (before.woken[at] ?? 0)) / minutes);
  return { visible, hidden: total(hidden) / hidden.length, scripts: (after.scripts - before.scripts) / minutes, cpu: (after.cpu - before.cpu) / minutes };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const PAGE = `<!doctype html><title>Idle</title><link rel="icon" href="data:,"><script>${COUNTING}</script><body><p>A page</p><script type="module" src="/page.js"></script>`;
const VIEW = JSON.stringify({ state: "active", id: "i", subject: "ada", data: null, idleIn: 1800, idleFor: 1800, expiresIn: 28_800, authenticatedAgo: 5, epoch: "k3" });
