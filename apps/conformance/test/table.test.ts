import { expect, it } from "vitest";
import { runSuites } from "../src/suite/case.ts";
import { codeOf, has, same } from "../src/suite/expect.ts";
import { matrix } from "../src/table.ts";

it("a case that throws or rejects has failed, the others go on, and the table says so", async () => {
  const outcome = await runSuites(
    [
      { name: "one", cases: [{ name: "throws", run: () => { throw new Error("no"); } }, { name: "rejects", run: () => Promise.reject(new Error("nor this")) }, { name: "passes", run: ({ give }) => give("a", "b") }] },
      { name: "two", cases: [{ name: "sees", run: ({ taken }) => same(taken, { "x/a": "b" }) }] },
    ],
    "node",
    { "x/a": "b" },
  );
  expect(outcome.results.map(({ name, fault }) => [name, fault?.split("\n")[0]])).toEqual([["throws", "no"], ["rejects", "nor this"], ["passes", undefined], ["sees", undefined]]);
  expect(outcome.given).toEqual({ a: "b" });
  expect(matrix([{ runtime: "X", version: "1", results: outcome.results }, { runtime: "Y", version: "2", results: [{ suite: "two", name: "sees" }] }]).split("\n")).toEqual([
    "| cases that passed | X<br>1 | Y<br>2 |",
    "| --- | ---: | ---: |",
    "| one | **2 of 3 FAILED** | – |",
    "| two | 1 | 1 |",
  ]);
});

it("what a case claims is checked by structure", async () => {
  same({ a: [1, { b: "c" }], gone: undefined }, { a: [1, { b: /c/ }] });
  has({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3 } });
  const wrong = [() => same({ a: 1 }, { a: 2 }), () => same({ a: 1, b: 2 }, { a: 1 }), () => same([1], [1, 2]), () => same([], {}), () => same(null, undefined), () => same("ab", /c/), () => has({ a: [1, 2] }, { a: [1] }), () => has(null as never, { a: 1 })];
  for (const claim of wrong) expect(claim).toThrow();
  expect([await codeOf(() => undefined), await codeOf(() => Promise.reject(Object.assign(new Error("x"), { code: "config" })))]).toEqual(["none", "config"]);
});
