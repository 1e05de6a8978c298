import type { Verification } from "@holdfast/affinity/verify";
import { describe, expect, it } from "vitest";
import { clientsOf, differencesFrom, isNear, type Row } from "./support/verdict.ts";

const BY_CHANCE: Row = { name: "by cookie", key: "cookie", findings: [], spreadBy: "chance" };
const LOSS: NonNullable<Verification["loss"]> = { victims: 15, victimsMoved: 15, stranded: 0, bystandersMoved: 0, movedOnReturn: 0, holders: 45, holdersElsewhere: 0, newcomers: 45, newOnIt: 15, errors: 0 };
const found = (rest: Partial<Verification> = {}): Verification => ({ key: "cookie", requests: 2000, errors: 0, spread: { a: 60, b: 60, c: 60 }, cookie: undefined, loss: LOSS, findings: [], untried: [], ...rest });
const notBack = (loss: Partial<typeof LOSS>): Verification => found({ loss: { ...LOSS, ...loss }, findings: [{ code: "not_back", text: "when a was back, few new clients were sent to it." }] });

describe("the verdict of a row of real balancers", () => {
  it("holds where the probe says what was asked for", () => {
    expect(differencesFrom(BY_CHANCE, found())).toEqual([]);
    expect(differencesFrom({ ...BY_CHANCE, untried: "clients move anyway" }, found({ loss: undefined, untried: ["the loss and return of a node: clients move anyway."] }))).toEqual([]);
  });

  it("excuses a `not_back` of chance: the node was met nearly as before, and by all that held its cookie", () => {
    expect(differencesFrom(BY_CHANCE, notBack({ newOnIt: 4 }))).toEqual([]);
  });

  it.each<[string, Row, Verification]>([
    ["one of 45 new clients, and none of those that held its cookie", BY_CHANCE, notBack({ newOnIt: 1, holdersElsewhere: 45 })],
    ["one of 45 new clients", BY_CHANCE, notBack({ newOnIt: 1 })],
    ["most of what is expected, but none of those that held its cookie", BY_CHANCE, notBack({ newOnIt: 12, holdersElsewhere: 45 })],
    ["no new client by address, where chance spreads", { ...BY_CHANCE, key: "address" }, { ...notBack({ newOnIt: 0, holdersElsewhere: 30 }), key: "address" }],
    ["those on it do not find it again by a hash", { ...BY_CHANCE, key: "address", spreadBy: "a hash of ports" }, { ...notBack({ newOnIt: 12, holdersElsewhere: 1 }), key: "address" }],
    ["a `not_back` where the spread is always the same", { name: "by turns", key: "cookie", findings: [] }, notBack({ newOnIt: 12 })],
    ["a loss that was not looked at", BY_CHANCE, found({ loss: undefined, untried: ["the loss and return of a node: clients move anyway."] })],
    ["a loss that was not looked at, silently", BY_CHANCE, found({ loss: undefined })],
    ["victims that did not move", BY_CHANCE, found({ loss: { ...LOSS, victimsMoved: 0 } })],
    ["no victims", BY_CHANCE, found({ loss: { ...LOSS, victims: 0, victimsMoved: 0 } })],
    ["too few to tell", BY_CHANCE, found({ untried: ["whether new clients meet a again: of 135 it met 4 before, which is too few to tell. Take more clients."] })],
    ["a loss that was looked at where there is none", { ...BY_CHANCE, untried: "there is no other" }, found()],
    ["another reason not to look at a loss", { ...BY_CHANCE, untried: "there is no other" }, found({ loss: undefined, untried: ["the loss and return of a node: clients move anyway."] })],
    ["another key", BY_CHANCE, found({ key: "none" })],
    ["a failed request", BY_CHANCE, found({ errors: 1 })],
    ["an uneven spread that is not told", BY_CHANCE, found({ spread: { a: 120, b: 30, c: 30 } })],
    ["one that is told and is not", BY_CHANCE, found({ findings: [{ code: "uneven", text: "" }] })],
  ])("is refused for %s", (_, row, verification) => {
    expect(differencesFrom(row, verification)).not.toEqual([]);
  });

  // The node that is taken is the one with the most clients of three.
  it.each([0.3, 1 / 3, 0.4, 0.5, 0.7])("chance alone sends new clients to a node with a share of %d that is back so seldom that no excuse is left: less than once in a million runs", (share) => {
    const clients = clientsOf(BY_CHANCE);
    const [met, before] = [binomial(clients, share), binomial(clients * 4, share)];
    const beyond = before.reduce((all, chance, some) => all + chance * met.reduce((sum, likely, newOnIt) => sum + (isNear(newOnIt, clients, some / (clients * 4)) ? 0 : likely), 0), 0);
    expect(beyond).toBeLessThan(1e-6);
    expect(met.reduce((sum, likely) => sum + likely, 0)).toBeCloseTo(1, 9);
  });
});

/** The chance of each number of successes. */
function binomial(of: number, share: number): readonly number[] {
  let log = of * Math.log(1 - share);
  return Array.from({ length: of + 1 }, (_, some) => {
    if (some > 0) log += Math.log((of - some + 1) / some) + Math.log(share / (1 - share));
    return Math.exp(log);
  });
}
