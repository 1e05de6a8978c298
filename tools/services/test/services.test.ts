import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { serviceFor } from "../programs.ts";
import { type Alone, STARTS } from "../starts.ts";

for (const [name, begin] of Object.entries(STARTS) as [Alone, (typeof STARTS)[Alone]][]) {
  const program = serviceFor(name, "the service helper is");
  describe.skipIf(program === undefined)(`a ${name} for tests [needs ${name}]`, () => {
    it("runs as somebody without rights, comes back after a kill under another pid, and leaves nothing", { timeout: 120_000 }, async () => {
      const server = await begin(program ?? "");
      const { pid, folder } = server;
      try {
        expect(isAlive(pid)).toBe(true);
        if (process.platform === "linux") expect(userOf(pid)).not.toBe("0");
        await server.restart();
        expect(isAlive(pid)).toBe(false);
        expect(server.pid).not.toBe(pid);
        expect(isAlive(server.pid)).toBe(true);
      } finally {
        await server.stop();
      }
      expect(isAlive(server.pid)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const userOf = (pid: number): string | undefined => /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
