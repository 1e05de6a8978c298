import type { Act, Plan } from "./plan.ts";

export const SIMPLER: readonly ((act: Act) => Act | undefined)[] = [
  (act) => (act.kind === "request" && act.faults.length > 0 ? { ...act, faults: [] } : undefined),
  (act) => (act.kind === "request" && act.lost ? { ...act, lost: false } : undefined),
  (act) => (act.kind === "request" && act.navigation ? { ...act, navigation: false } : undefined),
  (act) => (act.kind === "request" && act.server === 1 ? { ...act, server: 0 } : undefined),
  (act) => (act.kind === "request" && act.operation !== "read" && act.operation !== "start" ? { ...act, operation: "read" } : undefined),
  (act) => (act.kind === "request" && act.up > 0 ? { ...act, up: 0 } : undefined),
  (act) => (act.kind === "request" && act.handler > 0 ? { ...act, handler: 0 } : undefined),
  (act) => (act.kind === "request" && act.down > 0 ? { ...act, down: 0 } : undefined),
];

export const PLAINER: readonly Partial<Plan>[] = [{ skews: [0, 0] }, { copyAge: 0 }, { mayLose: false }];
