import { expect, it } from "vitest";
import { contractOf, contractTables } from "../lib/store-table.ts";

const ran = (title: string, status = "passed", ancestorTitles = ["[needs x]", "store contract: x with y", "read"]) => ({ fullName: title, title, status, ancestorTitles });

it("counts the set-ups that passed a case, by package, and names what failed", () => {
  const contract = contractOf(
    [
      {
        success: true,
        testResults: [
          { name: "/base/packages/store-x/test/a.test.ts", status: "passed", assertionResults: [ran("gives a|b"), ran("pages (not run: capabilities.index is false)", "skipped"), ran("other", "passed", ["something else"])] },
          { name: "/base/packages/store-z/test/a.test.ts", status: "failed", assertionResults: [ran("gives a|b", "passed", ["store contract: z", "read"]), ran("pages", "failed", ["store contract: z", "read"])] },
          { name: "/base/packages/store-contract/test/a.test.ts", status: "passed", assertionResults: [ran("gives nothing")] },
        ],
      },
    ],
    "/base",
  );
  expect(contract.failed).toEqual(["pages"]);
  expect(contractTables(contract).split("\n")).toEqual([
    "| package | on |",
    "|---|---|",
    "| store-x | x with y |",
    "| store-z | z |",
    "",
    "| case | store-x | store-z |",
    "|---|---:|---:|",
    "| **read** | | |",
    "| gives a\\|b | 1 | 1 |",
    "| pages | – | – |",
  ]);
});
