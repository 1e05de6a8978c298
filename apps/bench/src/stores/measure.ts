import autocannon from "autocannon";
import type { Gauge } from "./gauge.ts";
import type { Running } from "./process.ts";
import type { Wiretap } from "./wiretap.ts";

const HERE = '{"user":"user-42"}';

/** What one request means to the engine: exact counts, from requests one after the other. */
export interface Traffic {
  readonly commands: number;
  readonly trips: number;
  readonly sent: number;
  readonly received: number;
  /** Of 1,000 requests of one session, a second apart. */
  readonly writesPer1000: number;
  readonly bytesPerSession: number;
}

export interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds of the server's process for each request. */
  readonly cpu: number;
}

/** Signs somebody in and returns the Cookie header that a browser would send from then on. */
export async function signIn({ url, contender }: Running, user: string): Promise<string> {
  const response = await fetch(`${url}/sign-in?user=${user}`);
  // To the end: express-session sends the head before it has saved the session, and holds the last byte back until then.
  const text = await response.text();
  const cookie = response.headers.getSetCookie().map((header) => header.split(";", 1)[0]).join("; ");
  if (!response.ok || !cookie) throw new Error(`${contender.name}: the sign-in failed with ${response.status}: ${text}`);
  return cookie;
}

/** One request; a fast wrong answer is no figure. */
export async function ask({ url, contender }: Running, cookie: string): Promise<void> {
  const response = await fetch(url, { headers: { cookie } });
  const text = await response.text();
  if (response.status !== 200 || text !== HERE) throw new Error(`${contender.name} answered ${response.status}: ${text.slice(0, 200)}`);
}

/** `running` reaches its engine through `tap`. */
export async function traffic(running: Running, tap: Wiretap, gauge: Gauge, sessions = 1000): Promise<Traffic> {
  const { contender } = running;
  const cookie = await signIn(running, "user-42");
  // For a second: a near cache believes nothing before its stream of changes has answered.
  for (const until = performance.now() + 1000; performance.now() < until; ) await ask(running, cookie);
  await gauge.reset();
  tap.take();
  const asked = 200;
  for (let i = 0; i < asked; i++) await ask(running, cookie);
  const { sent, received, trips } = tap.take();
  const { all, pings } = await gauge.counts();
  await gauge.reset();
  for (let i = 0; i < 1000; i++) {
    await running.advance(1000);
    await ask(running, cookie);
  }
  const { writes } = await gauge.counts();
  await gauge.empty(contender);
  for (let i = 0; i < sessions; i++) await signIn(running, `user-${i}`);
  const bytes = await gauge.bytes(contender);
  await gauge.empty(contender);
  return { commands: all / asked, trips: (trips - pings) / asked, sent: sent / asked, received: received / asked, writesPer1000: writes, bytesPerSession: bytes / sessions };
}

/** As many requests as it can answer on `connections` for `seconds`, of many sessions in turn. */
export async function load(running: Running, cookies: readonly string[], { connections, seconds }: { readonly connections: number; readonly seconds: number }): Promise<Load> {
  const before = await running.cpu();
  const result = await autocannon({ url: running.url, connections, duration: seconds, requests: cookies.map((cookie) => ({ headers: { cookie } })) });
  const micros = (await running.cpu()) - before;
  const { non2xx, errors, latency, requests } = result;
  if (non2xx + errors > 0) throw new Error(`${running.contender.name}: ${non2xx} wrong answers and ${errors} errors under load`);
  return { perSecond: requests.total / result.duration, p50: latency.p50, p99: latency.p99, cpu: micros / requests.total };
}
