import type { SessionStore } from "@holdfast/session-core/store";
import { testId, testRow } from "@holdfast/store-contract";
import { expect, it } from "vitest";
import type { Server } from "../../../../tools/services/server.ts";
import { type Acknowledged, live, lost } from "./acknowledged.ts";

const ROUNDS = Number(process.env["HOLDFAST_KILL_ROUNDS"] ?? 2);
const WRITERS = 8;

export interface Killable {
  readonly server: Pick<Server, "signal" | "restart" | "stop">;
  readonly store: SessionStore;
  close(): Promise<void>;
}

/** Asks every few ms, for at most a minute or so: servers get ready in their own time. */
export async function until(what: () => unknown, every = 10): Promise<void> {
  for (let left = 60_000; !(await what()); left -= every) {
    if (left <= 0) throw new Error(`waited in vain until ${String(what)}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

export const answers = (store: SessionStore): Promise<void> => until(() => store.read(testId(), { signal: AbortSignal.timeout(2000) }).then(() => true, () => false));

/** A server that is killed under writes. `start` starts it as one is run for real: what it acknowledged is on the disk. */
export function itSurvivesKill(name: string, start: () => Promise<Killable>): void {
  it(`${name}: acknowledged writes hold when the server is killed, the others reject, and the pool recovers, ${ROUNDS} times`, { timeout: 120_000 + ROUNDS * 60_000 }, async () => {
    const { server, store, close } = await start();
    try {
      const acknowledged: Acknowledged = new Map();
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = acknowledged.size;
        const faults: unknown[] = [];
        const write = async (): Promise<void> => {
          try {
            for (;;) await live(store, acknowledged);
          } catch (fault) {
            faults.push(fault);
          }
        };
        const writers = Array.from({ length: WRITERS }, write);
        await until(() => acknowledged.size > before + 60);
        await server.signal("SIGKILL");
        await Promise.all(writers);
        expect(faults).toHaveLength(WRITERS);
        for (const fault of faults) expect(fault).toBeInstanceOf(Error);
        await expect(store.read(testId())).rejects.toThrow();
        await server.restart();
        await answers(store);
        expect(await lost(store, acknowledged)).toEqual([]);
        const row = testRow();
        expect(await store.create(row, { began: row.createdAt })).toEqual({ outcome: "created", evicted: [] });
      }
    } finally {
      await close();
      await server.stop();
    }
  });
}
