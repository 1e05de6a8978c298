import { createSessions, generateKeys } from "@holdfast/session-core";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { fork } from "node:child_process";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { scratch } from "./support/drivers.ts";
import { missing } from "./support/spawn.ts";

const visitor = fileURLToPath(new URL("support/visitor.ts", import.meta.url));
const sources = new URL("support/sources.ts", import.meta.url).href;

describe.skipIf(missing() !== undefined)(`two servers on one file (${missing() ?? "node:sqlite"})`, () => {
  it("[D10] what one process ends, the other refuses at its very next request, also where it has seen the session many times", async () => {
    const files = scratch();
    const file = files.path("shared.db");
    const keys = generateKeys();
    const db = new DatabaseSync(file);
    const sessions = createSessions({ store: createSqliteStore(db), keys });
    const other = fork(visitor, [file, JSON.stringify(keys)], { execArgv: ["--import", sources], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const ask = async (credential: string): Promise<unknown> => {
      other.send(credential);
      return (await once(other, "message"))[0] as unknown;
    };
    try {
      expect(await once(other, "message")).toContain("ready");
      const ends: Record<string, (issued: Awaited<ReturnType<typeof sessions.issue>>) => Promise<unknown>> = {
        revoke: ({ state }) => sessions.revoke(state.id),
        revokeAll: ({ state }) => sessions.revokeAll(state.subject),
        logout: async ({ credential }) => {
          const session = await sessions.open(credential.reveal());
          session.end();
          await session.commit();
        },
      };
      for (let round = 0; round < 5; round++) {
        for (const [name, end] of Object.entries(ends)) {
          const issued = await sessions.issue(`${name}-${round}`);
          for (let i = 0; i < 5; i++) expect(await ask(issued.credential.reveal())).toBe("active");
          await end(issued);
          expect(await ask(issued.credential.reveal())).toBe(name === "logout" ? "none logout" : "none revoked");
        }
      }
    } finally {
      other.kill();
      await once(other, "exit");
      db.close();
      files.remove();
    }
  });
});
