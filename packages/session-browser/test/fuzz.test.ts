import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damaged, deepJson, hostileText, KB, longTexts, MB } from "../../session-core/test/fuzz/hostile.ts";
import { family, must } from "../../session-core/test/fuzz/inputs.ts";
import { readRecord, type SharedRecord } from "../src/lib/record.ts";

const storage = (text: string) => ({ getItem: () => text, setItem: () => undefined, removeItem: () => undefined });
const moment = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const records: fc.Arbitrary<SharedRecord> = fc.record({ epoch: hostileText(20), lastActivity: moment, idleAt: moment, absoluteAt: moment, idleFor: moment, at: moment, toldAt: moment });
const isWhole = ({ epoch, lastActivity, idleAt, absoluteAt, idleFor, at, toldAt }: SharedRecord): boolean =>
  typeof epoch === "string" && [lastActivity, idleAt, absoluteAt, idleFor, at, toldAt].every((value) => typeof value === "number" && Number.isFinite(value));
const check = (text: string): void => {
  const read = readRecord(storage(text), "k");
  must(read === undefined || isWhole(read), "neither nothing nor whole");
};

describe("the record in storage", () => {
  const each = family("browser record");

  it("reads back what was written", () => each(0.3, records, (record) => must(JSON.stringify(readRecord(storage(JSON.stringify(record)), "k")) === JSON.stringify(record), "differs")));

  it("damaged or by another hand it is nothing, or whole all the same", async () => {
    await each(0.4, damaged(records.map((record) => JSON.stringify(record))), ({ text }) => check(text));
    await each(0.2, fc.tuple(records, fc.nat({ max: 6 }), fc.jsonValue({ maxDepth: 1 })), ([record, which, value]) => check(JSON.stringify(Object.fromEntries(Object.entries(record).map(([key, old], i) => [key, i === which ? value : old])))));
    await each(0.1, fc.oneof(hostileText(), fc.json()), check);
  });

  it("ten thousand levels and four megabytes are nothing", () => {
    for (const text of [...deepJson(), ...longTexts(64 * KB), ...longTexts(4 * MB)]) expect(readRecord(storage(text), "k")).toBeUndefined();
  });
});
