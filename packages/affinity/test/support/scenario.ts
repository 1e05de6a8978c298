import { setTimeout as pause } from "node:timers/promises";
import type { Affinity, AffinityNodeOptions, AffinityOptions } from "@holdfast/affinity";
import type { DrainResult } from "@holdfast/affinity/drain";
import { freePort } from "../../../../tools/lib/free-port.ts";
import { defineAffinity } from "../../src/lib/define-affinity.ts";
import { type Client, type ClientOptions, createClient } from "./client.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { movedIn, movesOf, type Round, round, unevenness } from "./rounds.ts";

export const isDrill = process.env["HOLDFAST_DRILL"] === "1";
/** 240 clients in a drill, 120 otherwise. */
export const CLIENTS = isDrill ? 240 : 120;
const PATIENCE = 60_000;
/** Milliseconds between two looks: each is a new client, and thousands of them are another load on each machine. */
const PAUSE = 10;
const HEALTH = { interval: 500, timeout: 500, fall: 2 };
/** By then a balancer must have noticed. */
const NOTICED = HEALTH.interval * HEALTH.fall + HEALTH.timeout;

/** A balancer that runs: where it is, and how it takes another configuration. */
export interface Running {
  readonly url: string;
  apply(affinity: Affinity): Promise<void>;
  stop(): Promise<void>;
}

export interface Findings {
  readonly clients: number;
  /** The balancer's own Set-Cookie line. */
  readonly cookie: string | undefined;
  readonly unevenness: number;
  readonly steadyMoved: number;
  readonly victims: number;
  readonly victimsMoved: number;
  /** Those that moved once more, when the balancer had noticed. */
  readonly victimsMovedOn: number;
  readonly bystandersMoved: number;
  /** Clients that moved when the node was back, and when another one joined. */
  readonly backMoved: number;
  readonly addMoved: number;
  readonly drained: DrainResult;
  /** On the node that leaves: before, in the second round after the balancer has noticed (the first one clears their cookie), and in the third. */
  readonly onDrained: readonly [before: number, after: number, later: number];
  /** New clients it got when the balancer had noticed. */
  readonly newOnDrained: number;
  readonly errors: number;
  /** Connections that broke without an answer while the balancer read its file anew. */
  readonly reset: number;
  readonly requests: number;
}

export interface ScenarioOptions {
  readonly options: Omit<AffinityOptions, "nodes">;
  start(affinity: Affinity): Promise<Running>;
  client?(number: number): ClientOptions;
  /** How this balancer is told of a node that leaves, beyond what the node does itself. One that is not told asks the node. */
  readonly drainByConfiguration?: boolean;
  /** It has no eyes of its own: something else tells it that a node died or came back. */
  readonly isTold?: boolean;
}

/** Section 4 of the report on sticky sessions, as traffic: steady, one of three nodes killed, back, a fourth one, one that leaves while the traffic goes on. */
export async function runScenario({ options, start, client = () => ({}), drainByConfiguration = false, isTold = false }: ScenarioOptions): Promise<Findings> {
  const nodes: AffinityNodeOptions[] = [];
  for (const label of ["a", "b", "c", "d"]) nodes.push({ label, address: `127.0.0.1:${await freePort()}` });
  const withNodes = (some: readonly AffinityNodeOptions[]): Affinity => defineAffinity({ health: HEALTH, drain: { grace: 10_000 }, ...options, nodes: some });
  const three = withNodes(nodes.slice(0, 3));
  const four = withNodes(nodes);
  const fleet = createFleet(four);
  let balancer: Running | undefined;
  try {
    for (const label of ["a", "b", "c"]) await fleet.start(label);
    balancer = await start(three);
    return await traffic(balancer, fleet, { client, four, told: isTold ? { died: withNodes(nodes.slice(0, 2)), back: three } : undefined, drained: drainByConfiguration ? withNodes(nodes.map((node) => ({ ...node, draining: node.label === "b" }))) : undefined });
  } finally {
    await balancer?.stop();
    await fleet.stop();
  }
}

interface Course {
  readonly client: (number: number) => ClientOptions;
  readonly four: Affinity;
  readonly drained: Affinity | undefined;
  readonly told: { readonly died: Affinity; readonly back: Affinity } | undefined;
}

async function traffic(balancer: Running, fleet: Fleet, { client, four, told, drained: withoutB }: Course): Promise<Findings> {
  const { url } = balancer;
  const rounds: Round[] = [];
  let reloads = 0;
  let reloading = false;
  let reset = 0;
  const apply = async (affinity: Affinity): Promise<void> => {
    reloads += 1;
    reloading = true;
    await balancer.apply(affinity).finally(() => (reloading = false));
  };
  const run = async (clients: readonly Client[], times?: number): Promise<Round> => {
    const before = [reloading, reloads];
    const result = await round(clients, times);
    if (before[0] || before[1] !== reloads) reset += result.unanswered;
    rounds.push(result);
    return result;
  };
  let strangers = 10_000;
  const stranger = (): Client => createClient(url, (strangers += 1), client(strangers));
  /** Until the balancer has noticed: new clients are sent there. */
  const used = async (label: string, asked = run): Promise<void> => {
    const deadline = performance.now() + PATIENCE;
    while ((await asked([stranger()])).spread[label] === undefined) {
      if (performance.now() > deadline) throw new Error(`the balancer sent nobody to ${label} within ${PATIENCE / 1000} s`);
      await pause(PAUSE);
    }
  };
  // It may say that it has nobody yet.
  await Promise.all(["a", "b", "c"].map((label) => used(label, round)));
  const { setCookies } = await stranger().ask();

  const clients = Array.from({ length: CLIENTS }, (_, number) => createClient(url, number, client(number)));
  const first = await run(clients);
  const steady = await run(clients, 3);
  const victims = clients.filter(({ node }) => node === "c");
  const bystanders = clients.filter(({ node }) => node !== "c");
  /** All clients go on meanwhile. */
  const beside = async <Result>(work: Promise<Result>): Promise<Result> => {
    let over = false;
    const done = work.finally(() => (over = true));
    done.catch(() => undefined);
    while (!over) await run(clients);
    return done;
  };
  /** What clients did in all rounds since there were so many. */
  const movedSince = (count: number): number => clients.filter((one) => movesOf(one, rounds.slice(count)) > 0).length;
  /** Until the balancer must have noticed, and once more. */
  const untilNoticed = async (): Promise<readonly Round[]> => {
    const began = performance.now();
    const seen: Round[] = [];
    while (performance.now() - began < NOTICED) seen.push(await run(clients));
    return [...seen, await run(clients)];
  };
  await fleet.kill("c");
  if (told !== undefined) await apply(told.died);
  const killed = await untilNoticed();
  const sinceKilled = rounds.length;
  const comesBack = async (): Promise<void> => {
    await fleet.start("c");
    if (told !== undefined) await apply(told.back);
    await used("c");
  };
  await beside(comesBack());
  await run(clients, 2);
  const backMoved = movedSince(sinceKilled);
  const sinceBack = rounds.length;
  const joins = async (): Promise<void> => {
    await fleet.start("d");
    await apply(four);
    await used("d");
  };
  await beside(joins());
  await run(clients, 2);
  const addMoved = movedSince(sinceBack);

  const onB = (): number => clients.filter(({ node }) => node === "b").length;
  const before = onB();
  if (withoutB !== undefined) await beside(apply(withoutB));
  // What empties the node is the 404 and the cookies, so it stands still there until that was seen. Then it fails its check, closes its server and ends.
  fleet.stand("b");
  const drains = fleet.drains("b");
  const leaving = fleet.leave("b");
  leaving.catch(() => undefined);
  await drains;
  // Who asks has judged one answer when it comes for the next. By the clock it only should have: on a slow machine it may not.
  await beside(withoutB === undefined ? fleet.looked("b", HEALTH.fall + 1) : Promise.resolve());
  await run(clients, 2);
  const after = onB();
  await run(clients);
  const later = onB();
  const fresh = await run(Array.from({ length: 40 }, stranger));
  fleet.goOn("b");
  const drained = await beside(leaving);
  await run(clients);
  return {
    clients: clients.length,
    cookie: setCookies.find((line) => !line.startsWith("visitor=")),
    unevenness: unevenness(first, 3),
    steadyMoved: movedIn(steady),
    victims: victims.length,
    victimsMoved: victims.filter((client) => movesOf(client, killed) > 0).length,
    victimsMovedOn: victims.filter((client) => movesOf(client, killed) > 1).length,
    bystandersMoved: bystanders.filter((client) => movesOf(client, killed) > 0).length,
    backMoved,
    addMoved,
    drained,
    onDrained: [before, after, later],
    newOnDrained: fresh.spread["b"] ?? 0,
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0) - reset,
    reset,
    requests: rounds.reduce((sum, { requests }) => sum + requests, 0),
  };
}
