// What a worker does: a process of its own on rows that others use, started as `worker.ts <task> <address> <argument>`.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createSessions, HoldfastError, type SessionsOptions } from "@holdfast/session-core";
import type { Partition, SessionId } from "@holdfast/session-core/store";
import { testId, testRow, testTombstone } from "../../src/lib/rows.ts";
import type { SharedStore } from "./engine.ts";
import { UNHURRIED } from "./unhurried.ts";

type Task = (store: SharedStore, argument: string) => Promise<void>;

/** Written at once and past any buffer of this process, so that what the parent has read was acknowledged. */
const say = (line: string): number => writeSync(1, `${line}\n`);

const tasks: Readonly<Record<string, Task>> = {
  /** Writes without end and says which write was acknowledged. */
  async acknowledge(store, partition) {
    for (;;) {
      const row = testRow({ id: testId(partition as Partition), body: "created" });
      await store.create(row, { began: Date.now() });
      say(`${row.id} created`);
      await store.update({ ...row, body: "updated" }, 0);
      say(`${row.id} updated`);
      await store.touch(row.id, row.seenAt + 1, row.expiresAt + 1);
      say(`${row.id} touched`);
      await store.end(row.id, testTombstone({ expiresAt: row.expiresAt }));
      say(`${row.id} ended`);
    }
  },

  /** Adds 200 to the number in the session, one by one. */
  async increment(store, id) {
    for (let done = 0; done < 200; ) {
      const row = await store.read(id as SessionId);
      if (row === null) throw new Error("the session is gone");
      const next = { ...row, revision: row.revision + 1, writeId: `${process.pid}-${done}`, body: String(Number(row.body) + 1) };
      if ((await store.update(next, row.revision)) === "updated") done += 1;
    }
  },

  /** 60 sign-ins of a subject that may have 7 sessions; says who came and who had to go. */
  async signIn(store, partition) {
    const limit = { max: 7, whenFull: "evict-oldest", tombstone: testTombstone() } as const;
    for (let i = 0; i < 60; i += 1) {
      const { outcome, evicted } = await store.create(testRow({ id: testId(partition as Partition) }), { began: Date.now(), limit });
      say(outcome);
      for (const id of evicted) say(id);
    }
  },

  /** 34 people called ada sign in through the core, each with a password and, a while later, a second factor; says when the first was accepted, and what came of it. */
  async people(store, argument) {
    const sessions = createSessions({ ...(JSON.parse(argument) as Pick<SessionsOptions<object>, "keys" | "policy">), store, storeTimeout: UNHURRIED });
    const turns = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
    };
    const signIn = async (i: number): Promise<void> => {
      // Half of them begin at once and take their time, the others begin when those are done.
      await turns(i % 2 ? 0 : i * 20);
      const began = Date.now();
      await turns(i % 2 ? i * 20 : 0);
      try {
        const { credential } = await sessions.issue("ada", {}, { authenticatedAt: began });
        say(`${began} ${credential.reveal()}`);
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        say(`${began} ${error.code}`);
      }
    };
    await Promise.all(Array.from({ length: 34 }, (_, i) => signIn(i)));
  },

  /** A server that answers each credential it is sent with what it makes of it, until it is stopped. */
  async visit(store, argument) {
    const sessions = createSessions({ ...(JSON.parse(argument) as Pick<SessionsOptions<object>, "keys">), store, storeTimeout: UNHURRIED });
    process.on("message", async (credential: string) => {
      const { state } = await sessions.open(credential);
      process.send?.(state.kind === "none" ? `none ${state.ended ?? state.refused ?? ""}`.trim() : state.kind);
    });
    await served();
  },

  /** A server that revokes each session it is sent, and says when that was acknowledged: nanoseconds of the clock that the processes of a machine share. */
  async revoke(store, argument) {
    const sessions = createSessions({ ...(JSON.parse(argument) as Pick<SessionsOptions<object>, "keys">), store, storeTimeout: UNHURRIED });
    process.on("message", async (id: SessionId) => {
      await sessions.revoke(id);
      process.send?.(String(process.hrtime.bigint()));
    });
    await served();
  },
};

/** Until it is stopped, or whoever asks is gone. */
async function served(): Promise<void> {
  process.send?.("ready");
  await once(process, "disconnect");
}

/** Runs the task that the command line names, on the store that `connect` makes of the address. Never returns: connections would keep the process. */
export async function runTask(connect: (address: string) => Promise<SharedStore>): Promise<never> {
  const [name = "", address = "", argument = ""] = process.argv.slice(2);
  const task = tasks[name];
  if (task === undefined) throw new Error(`no task ${name}`);
  await task(await connect(address), argument);
  process.exit(0);
}
