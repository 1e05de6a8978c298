import { DatabaseSync } from "node:sqlite";
import { testPartition } from "@holdfast/store-contract";
import type { SessionId, StoredSession } from "@holdfast/session-core/store";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { missing, work } from "../../store-contract/test/shared/spawn.ts";
import { scratch } from "./support/drivers.ts";

const ROUNDS = Number(process.env["HOLDFAST_KILL_ROUNDS"] ?? 4);
const worker = fileURLToPath(new URL("support/worker.ts", import.meta.url));
const STEPS = ["created", "updated", "touched", "ended"];

/** How far the session got, read back from the file. */
function stepOf(row: StoredSession | null): number {
  if (row === null) return -1;
  if (row.body === "ended") return STEPS.indexOf("ended");
  if (row.seenAt > row.createdAt) return STEPS.indexOf("touched");
  return STEPS.indexOf(row.body);
}

describe.skipIf(missing() !== undefined)(`kill -9 of the writing process (${missing() ?? "node:sqlite"})`, () => {
  for (const synchronous of ["full", "normal"] as const) {
    it(`loses nothing acknowledged with synchronous ${synchronous}, ${ROUNDS} times`, { timeout: 120_000 + ROUNDS * 10_000 }, async () => {
      const files = scratch();
      const file = files.path("kill.db");
      const acknowledged = new Map<SessionId, number>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const enough = 40 + Math.floor(Math.random() * 400);
        const { lines, signal } = await work(worker, ["acknowledge", file, testPartition(), synchronous], (child, count) => {
          if (count >= enough) child.kill("SIGKILL");
        });
        expect(signal).toBe("SIGKILL");
        for (const line of lines) {
          const [id = "", step = ""] = line.split(" ");
          acknowledged.set(id as SessionId, STEPS.indexOf(step));
        }
        const db = new DatabaseSync(file);
        const store = createSqliteStore(db);
        let late = 0;
        for (const [id, step] of acknowledged) {
          const found = stepOf(await store.read(id));
          expect(found).toBeGreaterThanOrEqual(step);
          late += found - step;
        }
        // One write may have reached the file whose acknowledgement did not get out; in the rounds before, too.
        expect(late).toBeLessThanOrEqual(round + 1);
        expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
        db.close();
      }
      expect(acknowledged.size).toBeGreaterThan(ROUNDS * 5);
      files.remove();
    });
  }
});
