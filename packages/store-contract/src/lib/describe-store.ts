import type { StoreCapabilities } from "@holdfast/session-core/store";
import { describe } from "vitest";
import { createCases } from "./cases/create.ts";
import { deleteCases, endCases } from "./cases/end.ts";
import { endAllCases } from "./cases/end-all.ts";
import { hostileCases } from "./cases/hostile.ts";
import { limitCases } from "./cases/limits.ts";
import { listCases } from "./cases/list.ts";
import { raceCases } from "./cases/races.ts";
import { readCases } from "./cases/read.ts";
import { signalCases } from "./cases/signal.ts";
import { sweepCases } from "./cases/sweep.ts";
import { touchCases } from "./cases/touch.ts";
import { updateCases } from "./cases/update.ts";
import { createSuite, type StoreFactory } from "./suite.ts";

/**
 * Registers the contract of the store port as one `describe` block. Every sentence on the port is a case.
 * @param name shown in the report.
 * @param factory makes the store of one case; it gets the clock which decides where `capabilities.clock` is `caller`.
 * @param capabilities what the store declares. Cases that need more are reported as skipped, with the reason.
 */
export function describeStore(name: string, factory: StoreFactory, capabilities: StoreCapabilities): void {
  const suite = createSuite(factory, capabilities);
  describe(`store contract: ${name}`, () => {
    describe("read", () => readCases(suite));
    describe("create", () => createCases(suite));
    describe("update", () => updateCases(suite));
    describe("touch", () => touchCases(suite));
    describe("end", () => endCases(suite));
    describe("delete", () => deleteCases(suite));
    describe("list", () => listCases(suite));
    describe("limits", () => limitCases(suite));
    describe("endAll", () => endAllCases(suite));
    describe("sweep", () => sweepCases(suite));
    describe("hostile names and bodies", () => hostileCases(suite));
    describe("deadlines of calls", () => signalCases(suite));
    describe("races", () => raceCases(suite));
  });
}
