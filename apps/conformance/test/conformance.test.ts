import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ran } from "../src/drivers/processes.ts";
import { BROWSER_SUITES } from "../src/suite/pages.ts";
import { SERVER_SUITES } from "../src/suite/servers.ts";
import { type Column, matrix } from "../src/table.ts";
import { PLAYERS, type Taken } from "./support/columns.ts";

// The cases run in the runtimes, on the built packages; here they only have their names, and what came of them.
const columns: Column[] = [];
const given: Record<string, string> = {};
afterAll(() => console.log(`\n${matrix(columns).replaceAll("<br>", " ")}\n`));

for (const { runtime, half, find } of PLAYERS) {
  const found = find();
  const suites = half === "server" ? SERVER_SUITES : BROWSER_SUITES;
  describe.skipIf(found === undefined)(`${runtime} [needs ${runtime}]`, () => {
    let ran: Ran | undefined;
    beforeAll(async () => {
      ran = await found?.play();
      if (ran === undefined) return;
      columns.push({ runtime, version: ran.version, results: ran.results });
      for (const [name, value] of Object.entries(ran.given)) given[`${runtime}/${name}`] = value;
    }, 180_000);

    for (const { name: suite, cases } of suites) {
      for (const { name } of cases) {
        it(`${suite}: ${name}`, () => {
          const mine = ran?.results.filter((result) => result.suite === suite && result.name === name);
          expect(mine?.length, "it was played once").toBe(1);
          expect(mine?.[0]?.fault).toBeUndefined();
        });
      }
    }
    it("played nothing else", () => {
      expect(ran?.results.length).toBe(suites.reduce((sum, { cases }) => sum + cases.length, 0));
    });
  });
}

const OTHERS = ["what other runtimes wrote can be read", "what other runtimes sealed opens", "what other runtimes signed is verified"];

/** Its end is the tag of a seal, or the signature of a token. */
const broken = (text: string): string => `${text.slice(0, -8)}AAAAAAAA`;

for (const reader of ["Node 24", "workerd"]) {
  const found = PLAYERS.find(({ runtime }) => runtime === reader)?.find();
  describe.skipIf(found === undefined)(`what each runtime wrote, on ${reader} [needs ${reader}]`, () => {
    const faults = async (taken: Taken): Promise<readonly (string | undefined)[]> => {
      const ran = await found?.play(taken);
      return OTHERS.map((name) => ran?.results.find((result) => result.name === name)?.fault);
    };

    it("encrypted rows, sealed cookies and access tokens of every server runtime", async () => {
      for (const { runtime, version } of columns.filter(({ results }) => results.some(({ suite }) => suite === "sealed sessions"))) {
        expect(Object.keys(given).filter((name) => name.startsWith(`${runtime}/`)), `${runtime} ${version}`).toHaveLength(4);
      }
      expect(Object.keys(given).length).toBeGreaterThan(4);
      expect(await faults(given)).toEqual([undefined, undefined, undefined]);
    });

    it("and not what is none of theirs", async () => {
      const wrong: Record<string, string> = {};
      for (const [name, value] of Object.entries(given).filter(([name]) => name.startsWith("Node 24/"))) {
        const { row, token, ...rest } = name.endsWith("/sealed") ? {} : (JSON.parse(value) as { row?: { body: string }; token?: string });
        if (row) wrong[name] = JSON.stringify({ ...rest, row: { ...row, body: broken(row.body) } });
        else wrong[name] = token ? JSON.stringify({ ...rest, token: broken(token) }) : broken(value);
      }
      expect((await faults(wrong)).map((fault) => fault !== undefined)).toEqual([true, true, true]);
    });
  });
}
