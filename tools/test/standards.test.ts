import { describe, expect, it } from "vitest";
import type { TestResult } from "../lib/reports.ts";
import { idsIn, parseNotApplicable, parseStandards, standing } from "../lib/standards.ts";

const page = `
| id | requirement | level |
|---|---|---|
| **A** | **Identifiers** | |
| A01 | 128 bits of entropy | L1 |
| A02 | No \`uuid\` | L2 |
| **B** | **Cookies** (see A01) | |
| B01 | Secure | L1 |
`;

const test = (name: string, outcome: TestResult["outcome"]): TestResult => ({ name, file: "x.test.ts", outcome });

describe("standards", () => {
  it("reads groups and rows", () => {
    expect(parseStandards(page)).toEqual([
      { letter: "A", title: "Identifiers", requirements: [{ id: "A01", text: "128 bits of entropy" }, { id: "A02", text: "No `uuid`" }] },
      { letter: "B", title: "Cookies", requirements: [{ id: "B01", text: "Secure" }] },
    ]);
  });

  it("refuses an id that stands there twice", () => {
    expect(() => parseStandards(`${page}| A01 | again | L1 |\n`)).toThrow("A01");
  });

  // The examples stay out of the test's name, or this test would itself count as a proof of those rows.
  const names: readonly [string, readonly string[]][] = [
    ["core > (A01) is not a tag", []],
    ["[A01] one", ["A01"]],
    ["[A01] [B02] two", ["A01", "B02"]],
    ["[A01, B02,C03] three", ["A01", "B02", "C03"]],
    ["reads data[A1] and [a01] and [A012]", []],
  ];
  it("finds the ids in a test's name", () => {
    for (const [name, ids] of names) expect(idsIn(name), name).toEqual(ids);
  });

  it("counts a row as proven only when a test passed and none failed", () => {
    const results = [test("[A01] good", "passed"), test("[A02] good", "passed"), test("[A02] bad", "failed"), test("[B01] left out", "skipped")];
    const { total, proven, missing, notApplicable, problems } = standing(parseStandards(page), [], results);
    expect({ total, proven, missing, notApplicable, problems }).toEqual({
      total: 3,
      proven: ["A01"],
      missing: ["A02", "B01"],
      notApplicable: [],
      problems: [],
    });
  });

  it("keeps rows that do not apply apart", () => {
    const { proven, missing, notApplicable } = standing(parseStandards(page), parseNotApplicable("| B01 | no cookies here |"), [test("[A01]", "passed")]);
    expect({ proven, missing, notApplicable }).toEqual({ proven: ["A01"], missing: ["A02"], notApplicable: ["B01"] });
  });

  it("names tags and entries that no row has", () => {
    const { problems } = standing(parseStandards(page), ["Z01", "A02"], [test("[A99] typing error", "passed"), test("[A02] here", "passed")]);
    expect(problems).toEqual([expect.stringContaining("A99"), expect.stringContaining("Z01"), expect.stringContaining("A02 is listed as not applicable")]);
  });
});
