import { createSessionClient, type SessionClient } from "@holdfast/session-browser";
import { createIdleTimer } from "@holdfast/session-browser/idle";
import type { Case, Suite } from "./case.ts";
import { has, same, yes } from "./expect.ts";
import { FakeServer } from "./fake-server.ts";
import { MINUTE, SECOND } from "./times.ts";

interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/** A time that a case moves. Storage, channels, locks, requests and answers are the browser's own. */
class PageTime {
  #now = Date.UTC(2026, 0, 1);
  readonly #began = this.#now;
  #timers: Timer[] = [];

  readonly now = (): number => this.#now;
  readonly monotonic = (): number => this.#now - this.#began;
  readonly setTimer = (work: () => void, ms: number): (() => void) => {
    const timer = { at: this.#now + ms, work };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = end;
  }
}

let count = 0;

function world() {
  const time = new PageTime();
  const server = new FakeServer(time.now);
  const { now, monotonic, setTimer } = time;
  // Cases share the storage of the origin.
  localStorage.clear();
  const clients: SessionClient[] = [];
  const open = async (): Promise<SessionClient> => {
    const client = createSessionClient({ environment: { fetch: server.fetch, now, monotonic, setTimer, random: () => 0.5 } });
    client.listen(() => undefined);
    clients.push(client);
    await client.refresh();
    return client;
  };
  return { time, server, open, close: () => clients.forEach((client) => client.dispose()) };
}

type World = ReturnType<typeof world>;

/** The browser answers when it answers; a minute would be no answer. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 2))) yes(performance.now() < end, `never: ${what}`);
}

const playing = (name: string, play: (world: World) => Promise<void>): Case => ({
  name,
  async run() {
    const it = world();
    try {
      await play(it);
    } finally {
      it.close();
    }
  },
});

const statusOf = (client: SessionClient): string => client.get().status;

const cases: readonly Case[] = [
  playing("counts down from the server's seconds: active, warning, idle", async ({ time, server, open }) => {
    server.signIn();
    const client = await open();
    has(client.get(), { status: "active", by: "idle" });
    has(client.remaining(), { idle: 10 * MINUTE, absolute: 60 * MINUTE });
    time.pass(8 * MINUTE);
    same(statusOf(client), "warning");
    time.pass(2 * MINUTE);
    await until("idle", () => statusOf(client) === "idle");
    await until("confirmed by the server", () => (client.get() as { confirmed?: boolean }).confirmed === true);
  }),
  playing("one action during the warning gives the whole time again", async ({ time, server, open }) => {
    server.signIn();
    const client = await open();
    time.pass(9 * MINUTE);
    same(statusOf(client), "warning");
    server.log.length = 0;
    same(await client.extend(), true);
    same([server.log, statusOf(client), client.remaining()?.idle], [["POST /session/touch"], "active", 10 * MINUTE]);
  }),
  playing("a sign-out in one tab is one in the other", async ({ server, open }) => {
    server.signIn();
    const [one, two] = [await open(), await open()];
    same(await one.logout(), "done");
    await until("the other heard", () => statusOf(two) === "none");
    same((await two.refresh()).status, "none");
  }),
  playing("a session that was ended elsewhere is over after the next question", async ({ server, open }) => {
    server.signIn();
    const client = await open();
    server.end("revoked");
    has(await client.refresh(), { status: "revoked", reason: "revoked" });
  }),
  playing("fetch() reads the deadlines, marks what nobody did, and repeats once after a step-up", async ({ time, server, open }) => {
    server.signIn();
    const client = await open();
    time.pass(3 * MINUTE);
    server.log.length = 0;
    server.stragglers = 1;
    same(await (await client.fetch("/data", { background: false })).text(), "data");
    same([server.log.filter((line) => line === "GET /data").length, client.remaining()?.idle], [2, 10 * MINUTE]);
    time.pass(MINUTE);
    await client.fetch("/data");
    same([server.log.at(-1), client.remaining()?.idle], ["GET /data (nobody)", 9 * MINUTE]);
  }),
  playing("without a network nobody is signed out, and it goes on when there is one", async ({ server, open }) => {
    server.signIn();
    const client = await open();
    server.down = true;
    has(await client.refresh(), { status: "offline" });
    server.down = false;
    has(await client.refresh(), { status: "active" });
  }),
  playing("a visitor has nothing in the storage, and a session no secret", async ({ server, open }) => {
    const client = await open();
    has(client.get(), { status: "none", known: true });
    same(Object.keys({ ...localStorage }), []);
    server.signIn();
    await client.refresh();
    const kept = Object.values({ ...localStorage }).map((value) => JSON.parse(String(value)) as object);
    const allowed = ["epoch", "lastActivity", "idleAt", "absoluteAt", "idleFor", "at", "toldAt"];
    same(kept.flatMap((record) => Object.keys(record)).filter((name) => !allowed.includes(name)), []);
  }),
  {
    name: "an idle timer needs no server, and two of one name are one",
    async run() {
      const time = new PageTime();
      const { now, monotonic, setTimer } = time;
      const name = `conformance-${++count}`;
      const make = () => createIdleTimer({ idle: 5 * MINUTE, warnBefore: 30 * SECOND, name, environment: { now, monotonic, setTimer } });
      const [one, two] = [make(), make()];
      for (const timer of [one, two]) timer.listen(() => undefined);
      one.start();
      await until("the other began", () => (time.pass(SECOND), two.get().status === "active"));
      time.pass(4 * MINUTE + 40 * SECOND);
      same([one.get().status, two.get().status], ["warning", "warning"]);
      two.extend();
      await until("it was extended", () => (time.pass(1), one.get().status === "active"));
      time.pass(5 * MINUTE);
      same([one.get().status, two.get().status], ["idle", "idle"]);
      for (const timer of [one, two]) timer.dispose();
    },
  },
];

export const client: Suite = { name: "browser client", cases };
