import type { Power } from "../src/driver/capabilities.ts";
import type { World } from "./world.ts";

/** One thing that has to hold in every engine that can be driven to it. */
export interface Run {
  readonly id: string;
  readonly title: string;
  /** Rows of docs/standards.md. */
  readonly proves?: readonly string[];
  /** What it takes. In an engine that lacks any of it there is no such test, only a row of the table that says so. */
  readonly needs?: readonly Power[];
  /** Why no engine is driven to it here: for the table, so that nobody takes it for proven. */
  readonly undriven?: string;
  /** `note` says what this engine did, for the table. */
  play(world: World, note: (text: string) => void): Promise<void>;
}
