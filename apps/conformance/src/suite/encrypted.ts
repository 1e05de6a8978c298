import { createSessions } from "@holdfast/session-core";
import { encryptStore } from "@holdfast/session-core/encrypted";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { SessionStore, StoredSession } from "@holdfast/session-core/store";
import type { Case, Suite } from "./case.ts";
import { has, same, yes } from "./expect.ts";
import { RECORD } from "./fixtures.ts";
import { Browser, clockAt, createWorld, KEYS, MINUTE, signedIn } from "./world.ts";

/** A store that keeps the rows as they are created: as the engine would hold them. */
const watching = (inner: SessionStore): { readonly seen: SessionStore; readonly created: StoredSession[] } => {
  const created: StoredSession[] = [];
  const seen = new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (property === "create") return (row: StoredSession, ...rest: []) => (created.push(row), target.create(row, ...rest));
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { seen, created };
};

const world = (inner: SessionStore = createMemoryStore({ clock: clockAt() })) => {
  const { seen, created } = watching(inner);
  return { ...createWorld({ core: { store: encryptStore(seen, { keys: KEYS }) } }), created };
};

/** A row and its credential, as one runtime wrote them. */
interface Written {
  readonly row: StoredSession;
  readonly credential: string;
}

async function opens({ row, credential }: Written): Promise<void> {
  const clock = clockAt();
  const memory = createMemoryStore({ clock });
  await memory.create(row);
  const sessions = createSessions({ store: encryptStore(memory, { keys: KEYS }), keys: KEYS, clock, initial: { note: "" } });
  has((await sessions.open(credential)).state, { kind: "active", subject: "ada", data: { note: "wörd 𝄞" } });
}

const cases: readonly Case[] = [
  {
    name: "sessions live as ever, and their rows say nothing",
    async run() {
      const { app, created, clock } = world();
      const browser = new Browser(app);
      await browser.post("/cart/canary");
      await browser.post("/sign-in");
      clock.advance(11 * MINUTE);
      same(await (await browser.get("/account")).json(), { subject: "ada", cart: ["canary"] });
      yes(created.length === 2 && !created.some(({ body }) => /canary|ada|cart/.test(body)), "a body can be read");
      await browser.post("/session/logout");
      same(await browser.view(), { state: "none" });
    },
  },
  {
    name: "a body that was changed, or moved to another row, is no session",
    async run() {
      const clock = clockAt();
      const memory = createMemoryStore({ clock });
      const swap: { body?: string } = {};
      const inner = new Proxy(memory, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (property === "read") return async (...args: Parameters<typeof memory.read>) => { const row = await target.read(...args); return row && { ...row, ...swap }; };
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
      const { app, created } = world(inner);
      const [one, two] = [await signedIn(app), await signedIn(app)];
      const [, other] = created;
      has(await one.copy().view(), { state: "active" });
      swap.body = other?.body ?? "";
      same([(await one.copy().view())["state"], (await two.copy().view())["state"]], ["none", "active"]);
      swap.body = `${other?.body.slice(0, -4) ?? ""}AAAA`;
      same((await two.copy().view())["state"], "none");
    },
  },
  {
    name: "a row that Node wrote can be read",
    run: () => opens(RECORD as Written),
  },
  {
    name: "what other runtimes wrote can be read",
    async run({ kind, give, taken }) {
      const clock = clockAt();
      const memory = createMemoryStore({ clock });
      const { seen, created: rows } = watching(memory);
      const sessions = createSessions({ store: encryptStore(seen, { keys: KEYS }), keys: KEYS, clock, initial: { note: "" } });
      const { credential } = await sessions.issue("ada", { note: "wörd 𝄞" });
      give("row", JSON.stringify({ row: rows[0], credential: credential.reveal(), by: kind }));
      for (const [name, text] of Object.entries(taken)) if (name.endsWith("/row")) await opens(JSON.parse(text) as Written);
    },
  },
];

export const encrypted: Suite = { name: "encrypted records", cases };
