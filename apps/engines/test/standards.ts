import type { Run } from "./run.ts";
export const STANDARDS: readonly Run[] = [];
