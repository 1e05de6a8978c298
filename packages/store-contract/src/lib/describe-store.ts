import type { StoreCapabilities } from "@holdfast/session-core/store";
import { describe, it } from "vitest";
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
import { createSuite, type Registrar, type StoreFactory, type Suite } from "./suite.ts";

/** The chapters of the contract, in the order of the port. */
export const chapters: Readonly<Record<string, (suite: Suite) => void>> = {
  read: readCases,
  create: createCases,
  update: updateCases,
  touch: touchCases,
  end: endCases,
  delete: deleteCases,
  list: listCases,
  limits: limitCases,
  endAll: endAllCases,
  sweep: sweepCases,
  "hostile names and bodies": hostileCases,
  "deadlines of calls": signalCases,
  races: raceCases,
};

const vitest: Registrar = {
  run: (name, body) => it(name, body),
  runOrSkip: (name, body) => it(name, (context) => body((reason) => context.skip(reason))),
  skip: (name) => it.skip(name),
};

/**
 * Registers the contract of the store port as one `describe` block. Every sentence on the port is a case.
 * @param name shown in the report.
 * @param factory makes the store of one case; it gets the clock which decides where `capabilities.clock` is `caller`.
 * @param capabilities what the store declares. Cases that need more are reported as skipped, with the reason.
 */
export function describeStore(name: string, factory: StoreFactory, capabilities: StoreCapabilities): void {
  const suite = createSuite(factory, capabilities, vitest);
  describe(`store contract: ${name}`, () => {
    for (const [chapter, cases] of Object.entries(chapters)) describe(chapter, () => cases(suite));
  });
}
